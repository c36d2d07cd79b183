using System.CommandLine;
using LatentDb.Cli.Settings;
using Spectre.Console;

namespace LatentDb.Cli.Commands.Setup;

/// <summary>config show | set | unset | path: what the command line remembers.</summary>
internal static class Config
{
    private const string Server = "server";
    private const string ApiKey = "api_key";
    private const string ApiKeyFile = "api_key_file";
    private const string Tenant = "tenant";

    private static readonly string[] Names = [Server, ApiKey, ApiKeyFile, Tenant];

    public static Command Create(CliSettings settings) => new("config", "Keep the server, the key and the tenant in a file.")
    {
        Show(settings),
        Set(settings),
        Unset(settings),
        PathOf(settings),
    };

    private static Command Show(CliSettings settings)
    {
        var command = new Command("show", "What is in force, and where it comes from; of a key only its public part.");
        command.RunsHere(settings, (output, parsed) =>
        {
            ResolvedSettings all = settings.Resolve(parsed);
            Row[] rows =
            [
                new(Server, all.Server.Value, all.Server.Origin),
                new(ApiKey, all.ApiKey is { } key ? KeyFile.Masked(key.Value) : null, all.ApiKey?.Origin),
                new(Tenant, all.Tenant?.Value, all.Tenant?.Origin),
            ];
            output.WriteTable(rows, ["name", "value", "from"], r => [r.Name, r.Value ?? string.Empty, r.From ?? "not set"]);
        });
        return command;
    }

    private static Command Set(CliSettings settings)
    {
        Argument<string> name = Name();
        var value = new Argument<string?>("value") { Arity = ArgumentArity.ZeroOrOne, Description = "Not for api_key, which is asked for, or read from standard input." };
        var command = new Command("set", "Write a value into the file.") { name, value };
        command.RunsHere(settings, (output, parsed) =>
        {
            string which = parsed.GetRequiredValue(name);
            ConfigFile changed = With(ConfigFile.Read(), which, ValueOf(which, parsed.GetValue(value)));
            changed.Write();
            output.Write(new { name = which, changed.Path }, $"{which} is in {changed.Path}.");
        });
        return command;
    }

    private static Command Unset(CliSettings settings)
    {
        Argument<string> name = Name();
        var command = new Command("unset", "Take a value out of the file.") { name };
        command.RunsHere(settings, (output, parsed) =>
        {
            string which = parsed.GetRequiredValue(name);
            ConfigFile changed = With(ConfigFile.Read(), which, null);
            changed.Write();
            output.Write(new { name = which, changed.Path }, $"{which} is no longer in {changed.Path}.");
        });
        return command;
    }

    private static Command PathOf(CliSettings settings)
    {
        var command = new Command("path", "Where the file is.");
        command.RunsHere(settings, (output, _) =>
        {
            string path = new ConfigFile().Path;
            output.Write(new { path, exists = File.Exists(path) }, path);
        });
        return command;
    }

    private static Argument<string> Name()
    {
        var name = new Argument<string>("name") { Description = string.Join(", ", Names) };
        name.AcceptOnlyFromAmong(Names);
        return name;
    }

    private static string ValueOf(string name, string? value)
    {
        if (name == ApiKey) return value is null ? ReadKey() : throw new UsageException("A key is no word of the command line, where others can read it; leave it out and it is asked for.");
        if (value is null) throw new UsageException($"{name} needs a value.");
        if (name == Server && ServerTarget.ParseAddress(value) is null) throw new UsageException($"'{value}' is not an address such as {CliSettings.DefaultServer}.");
        return name == ApiKeyFile ? Path.GetFullPath(value) : value;
    }

    private static string ReadKey()
    {
        string? key = Console.IsInputRedirected
            ? Console.In.ReadLine()
            : new TextPrompt<string>("API key:").Secret(null).Show(AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) }));
        return string.IsNullOrWhiteSpace(key) ? throw new UsageException("No key was given.") : key.Trim();
    }

    private static ConfigFile With(ConfigFile file, string name, string? value) => name switch
    {
        Server => file with { Server = value },
        ApiKey => file with { ApiKey = value },
        ApiKeyFile => file with { ApiKeyFile = value },
        _ => file with { Tenant = value },
    };

    private sealed record Row(string Name, string? Value, string? From);
}
