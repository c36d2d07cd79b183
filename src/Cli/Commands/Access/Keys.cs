using System.CommandLine;
using LatentDb.Cli.Output;
using LatentDb.Cli.Settings;
using LatentDb.Client;
using LatentDb.Client.Models;

namespace LatentDb.Cli.Commands.Access;

/// <summary>keys create | list | get | rotate | revoke: of the caller's tenant, or with --operator of the operators.</summary>
internal sealed class Keys
{
    private static readonly string[] Roles = [KeyRoles.Reader, KeyRoles.Writer, KeyRoles.Admin];

    private readonly CliSettings _settings;
    private readonly Option<bool> _operator = new("--operator") { Description = "Operators' keys instead of the tenant's.", Recursive = true };

    private Keys(CliSettings settings) => _settings = settings;

    public static Command Create(CliSettings settings)
    {
        var keys = new Keys(settings);
        var command = new Command("keys", "Make, list, rotate and revoke API keys.") { keys.CreateOne(), keys.List(), keys.Get(), keys.Rotate(), keys.Revoke() };
        command.Options.Add(keys._operator);
        return command;
    }

    private Command CreateOne()
    {
        var role = new Option<string?>("--role") { Description = $"{string.Join(", ", Roles)}; needed unless --operator is said." };
        role.AcceptOnlyFromAmong(Roles);
        var name = new Option<string?>("--name") { Description = "What people call it." };
        var expires = new Option<string?>("--expires") { Description = "When it ends: a time such as 2027-01-01T00:00:00Z, or from now on 90d, 12h, 30m; never when absent." };
        var save = new Option<bool>("--save") { Description = "Keep the key in the configuration file instead of printing it." };
        var command = new Command("create", "Make a key; it is shown once.") { role, name, expires, save };
        command.Runs(_settings, async (client, output, parsed, cancellationToken) =>
        {
            bool isOperator = parsed.GetValue(_operator);
            if (isOperator == parsed.GetValue(role) is not null) throw new UsageException("Say --role, or --operator for a key that may do everything.");
            var request = new CreateKeyRequest(parsed.GetValue(role), parsed.GetValue(name) ?? string.Empty, Expiry.Parse(parsed.GetValue(expires), TimeProvider.System.GetUtcNow()));
            ApiKeyDescription key = await Client(client, parsed).CreateAsync(request, cancellationToken).ConfigureAwait(false);
            Hand(key, parsed.GetValue(save), output);
        });
        return command;
    }

    private Command List()
    {
        var command = new Command("list", "List keys, without their secrets.");
        command.Runs(_settings, async (client, output, parsed, cancellationToken) =>
        {
            List<ApiKeyDescription> all = [];
            string? cursor = null;
            do
            {
                Page<ApiKeyDescription> page = await Client(client, parsed).ListAsync(null, cursor, cancellationToken).ConfigureAwait(false);
                all.AddRange(page.Items);
                cursor = page.NextCursor;
            }
            while (cursor is not null);
            output.WriteTable(all, ["id", "name", "role", "status", "created", "expires", "last used"], k =>
                [k.KeyId, k.Name, k.Role, k.Status, AnswerWriter.Time(k.CreatedAt), Time(k.ExpiresAt, "never"), Time(k.LastUsedAt, "never")]);
        });
        return command;
    }

    private Command Get()
    {
        Argument<string> id = Id();
        var command = new Command("get", "Show a key, without its secret.") { id };
        command.Runs(_settings, async (client, output, parsed, cancellationToken) =>
        {
            ApiKeyDescription key = await Client(client, parsed).GetAsync(parsed.GetRequiredValue(id), cancellationToken).ConfigureAwait(false);
            output.Write(key, $"{key.KeyId} ({key.Name}): {key.Role} of {key.Tenant ?? "the server"}, {key.Status}, expires {Time(key.ExpiresAt, "never")}, last used {Time(key.LastUsedAt, "never")}");
        });
        return command;
    }

    private Command Rotate()
    {
        Argument<string> id = Id();
        var grace = new Option<string?>("--grace") { Description = "How long the old key goes on beside the new one: 7d, 12h, 30m; not at all when absent." };
        var save = new Option<bool>("--save") { Description = "Keep the new key in the configuration file instead of printing it." };
        var command = new Command("rotate", "Make a successor of a key; it is shown once, and the old one ends.") { id, grace, save };
        command.Runs(_settings, async (client, output, parsed, cancellationToken) =>
        {
            TimeSpan overlap = parsed.GetValue(grace) is { } text ? Expiry.ParseSpan(text) : TimeSpan.Zero;
            ApiKeyDescription key = await Client(client, parsed).RotateAsync(parsed.GetRequiredValue(id), overlap, cancellationToken).ConfigureAwait(false);
            Hand(key, parsed.GetValue(save), output);
        });
        return command;
    }

    private Command Revoke()
    {
        Argument<string> id = Id();
        var command = new Command("revoke", "Take a key back: from now on it opens nothing.") { id };
        command.Runs(_settings, async (client, output, parsed, cancellationToken) =>
        {
            string keyId = parsed.GetRequiredValue(id);
            await Client(client, parsed).RevokeAsync(keyId, cancellationToken).ConfigureAwait(false);
            output.Write(new { key_id = keyId, revoked = true }, $"{keyId} is revoked.");
        });
        return command;
    }

    /// <summary>The key alone on standard output, so that it can go straight into a file; what people are told goes beside.</summary>
    private static void Hand(ApiKeyDescription key, bool isSaved, AnswerWriter output)
    {
        if (isSaved) (ConfigFile.Read() with { ApiKey = key.Key }).Write();
        if (output.IsJson) output.Write(isSaved ? key with { Key = null } : key, string.Empty);
        else Console.Error.WriteLine(isSaved ? $"Key {key.KeyId} ({key.Role}) is in {new ConfigFile().Path}." : $"Key {key.KeyId} ({key.Role}); it is shown now and never again:");
        if (!isSaved && !output.IsJson) Console.WriteLine(key.Key);
    }

    private KeyClient Client(LatentDbClient client, ParseResult parsed) => parsed.GetValue(_operator) ? client.OperatorKeys : client.Keys;

    private static Argument<string> Id() => new("key") { Description = "The key's id, its second part." };

    private static string Time(DateTimeOffset? time, string absent) => time is { } known ? AnswerWriter.Time(known) : absent;
}
