using System.Reflection;
using LatentDb.MemoryStore.Errors;
using LatentDb.Silo.Security;

namespace LatentDb.Silo.Composition;

/// <summary>Builds the options from file, environment and command line, and refuses what it does not know.</summary>
internal static class SiloConfiguration
{
    private const string Section = "LatentDb";
    private const string EnvironmentPrefix = "LATENTDB__";

    private static readonly string[] Secrets = [nameof(SiloOptions.AdminKey), nameof(SiloOptions.ClusterKey)];

    private static readonly PropertyInfo[] Properties = typeof(SiloOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance);

    /// <exception cref="LatentDbException">configuration_invalid.</exception>
    public static SiloOptions Read(IConfiguration configuration, string[] arguments)
    {
        RefuseUnknownKeys(configuration.GetSection(Section).GetChildren().Select(c => c.Key), "the section LatentDb");
        Dictionary<string, string?> flags = ParseArguments(arguments);
        var options = new SiloOptions();
        try
        {
            // The environment is already part of the configuration: LATENTDB__DATA is the key LatentDb:Data.
            configuration.GetSection(Section).Bind(options);
            new ConfigurationBuilder().AddInMemoryCollection(flags).Build().Bind(options);
        }
        catch (InvalidOperationException error)
        {
            throw new LatentDbException(ErrorCode.ConfigurationInvalid, error.InnerException?.Message ?? error.Message, error);
        }

        options.Check();
        if (!SecurityRegistration.HasKeys(options)) options.RequireLoopback();
        options.Model = FindModel(options.Model);
        return options;
    }

    /// <summary>--data folder, --data=folder; names in kebab-case.</summary>
    private static Dictionary<string, string?> ParseArguments(string[] arguments)
    {
        var flags = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        for (int i = 0; i < arguments.Length; i++)
        {
            string argument = arguments[i];
            if (!argument.StartsWith("--", StringComparison.Ordinal)) throw Invalid($"'{argument}' is not an option. {Usage()}");
            int equals = argument.IndexOf('=', StringComparison.Ordinal);
            string name = (equals < 0 ? argument[2..] : argument[2..equals]).Replace("-", string.Empty, StringComparison.Ordinal);
            if (Secrets.FirstOrDefault(secret => name.Equals(secret, StringComparison.OrdinalIgnoreCase)) is { } secret) throw Invalid($"{secret} is a secret, and command lines are public: set {EnvironmentPrefix}{secret.ToUpperInvariant()} in the environment.");
            if (Properties.All(p => !p.Name.Equals(name, StringComparison.OrdinalIgnoreCase))) throw Invalid($"'{argument}' is not known. {Usage()}");
            if (equals < 0 && i + 1 >= arguments.Length) throw Invalid($"'{argument}' needs a value.");
            flags[name] = equals < 0 ? arguments[++i] : argument[(equals + 1)..];
        }

        return flags;
    }

    private static void RefuseUnknownKeys(IEnumerable<string> keys, string where)
    {
        foreach (string key in keys)
        {
            if (Properties.All(p => !p.Name.Equals(key, StringComparison.OrdinalIgnoreCase)))
            {
                throw Invalid($"'{key}' in {where} (or {EnvironmentPrefix}{key.ToUpperInvariant()} in the environment) is not known. {Usage()}");
            }
        }
    }

    /// <summary>As given, else below a folder above the program: so that the server runs from anywhere inside a checkout.</summary>
    private static string FindModel(string model)
    {
        if (Path.IsPathRooted(model) || Directory.Exists(model)) return Path.GetFullPath(model);
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string candidate = Path.Combine(folder.FullName, model);
            if (Directory.Exists(candidate)) return candidate;
        }

        return Path.GetFullPath(model);
    }

    private static string Usage() => "Known: " + string.Join(", ", Properties.Where(p => !Secrets.Contains(p.Name)).Select(p => "--" + string.Concat(p.Name.Select((c, i) => char.IsUpper(c) && i > 0 ? $"-{char.ToLowerInvariant(c)}" : char.ToLowerInvariant(c).ToString())))) + ".";

    private static LatentDbException Invalid(string why) => new(ErrorCode.ConfigurationInvalid, why);
}
