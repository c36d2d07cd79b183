using System.CommandLine;
using LatentDb.Client.Models;

namespace LatentDb.Cli.Commands.Talking;

/// <summary>The options of verbs that ask.</summary>
internal sealed class Sampling
{
    private readonly Option<string?> _at = new("--at") { Description = "Version number, RFC 3339 time or snapshot name; the newest version when absent." };
    private readonly Option<int?> _maxTokens = new("--max-tokens") { Description = "At most this many new tokens." };
    private readonly Option<double?> _temperature = new("--temperature") { Description = "0 (greedy) to 2." };
    private readonly Option<double?> _topP = new("--top-p") { Description = "Above 0, up to 1: narrow the choice to the likeliest." };
    private readonly Option<ulong?> _seed = new("--seed") { Description = "What sampling draws from." };
    private readonly Option<string[]> _stop = new("--stop") { Description = "Text that ends the answer; may be given more than once." };

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _at, _maxTokens, _temperature, _topP, _seed, _stop }) command.Options.Add(option);
    }

    public string? At(ParseResult parsed) => parsed.GetValue(_at);

    /// <summary>A request without its words.</summary>
    public QueryRequest Request(ParseResult parsed) => new()
    {
        At = parsed.GetValue(_at),
        MaxTokens = parsed.GetValue(_maxTokens),
        Temperature = parsed.GetValue(_temperature),
        TopP = parsed.GetValue(_topP),
        Seed = parsed.GetValue(_seed),
        Stop = parsed.GetValue(_stop) is { Length: > 0 } stop ? stop : null,
    };
}
