using System.CommandLine;
using System.Globalization;
using LatentDb.Client.Models;

namespace LatentDb.Cli.Commands.Access;

/// <summary>The options that say what a tenant may use.</summary>
internal sealed class LimitOptions
{
    private readonly Option<long?> _memories = new("--memories") { Description = "Memories that it may have." };
    private readonly Option<long?> _bytes = new("--bytes") { Description = "Stored bytes of its memories." };
    private readonly Option<int?> _requests = new("--requests-per-minute") { Description = "Requests." };
    private readonly Option<int?> _injects = new("--injects-per-minute") { Description = "Injects." };
    private readonly Option<int?> _tokens = new("--tokens-per-minute") { Description = "Tokens that the model reads and writes for it." };
    private readonly Option<int?> _generations = new("--concurrent-generations") { Description = "Requests that use the model at once." };

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _memories, _bytes, _requests, _injects, _tokens, _generations }) command.Options.Add(option);
    }

    public TenantLimits Read(ParseResult parsed) => new()
    {
        Memories = parsed.GetValue(_memories),
        Bytes = parsed.GetValue(_bytes),
        RequestsPerMinute = parsed.GetValue(_requests),
        InjectsPerMinute = parsed.GetValue(_injects),
        TokensPerMinute = parsed.GetValue(_tokens),
        ConcurrentGenerations = parsed.GetValue(_generations),
    };

    public static string Describe(TenantLimits limits)
    {
        (string Name, long? Value)[] all =
        [
            ("memories", limits.Memories), ("bytes", limits.Bytes), ("requests/min", limits.RequestsPerMinute), ("injects/min", limits.InjectsPerMinute),
            ("tokens/min", limits.TokensPerMinute), ("generations", limits.ConcurrentGenerations),
        ];
        string[] set = [.. all.Where(l => l.Value is not null).Select(l => $"{l.Name} {(l.Value == 0 ? "unlimited" : l.Value!.Value.ToString("N0", CultureInfo.InvariantCulture))}")];
        return set.Length == 0 ? "none" : string.Join(", ", set);
    }
}
