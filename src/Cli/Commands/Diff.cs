using System.CommandLine;
using System.Globalization;
using LatentDb.Cli.Settings;
using LatentDb.Client.Models;

namespace LatentDb.Cli.Commands;

/// <summary>diff: what was said, and which rows came and went, between two versions.</summary>
internal static class Diff
{
    private const int PreviewCharacters = 120;

    public static Command Create(CliSettings settings)
    {
        var memory = new Argument<string>("memory") { Description = "The memory's id." };
        var from = new Argument<string>("from") { Description = "Version number, RFC 3339 time or snapshot name to start from." };
        var to = new Argument<string?>("to") { Arity = ArgumentArity.ZeroOrOne, Description = "The version to arrive at; the newest when absent. May be the older one." };
        var layers = new Option<bool>("--layers") { Description = "One line per layer instead of their sum." };
        var command = new Command("diff", "Show what differs between two versions.") { memory, from, to, layers };
        command.Runs(settings, async (client, output, parsed, cancellationToken) =>
        {
            DiffAnswer diff = await client.Memory(parsed.GetRequiredValue(memory))
                .DiffAsync(parsed.GetRequiredValue(from), parsed.GetValue(to), cancellationToken).ConfigureAwait(false);
            output.Write(diff, string.Join('\n', Lines(diff)));
            if (!output.IsJson) output.WriteTable(parsed.GetValue(layers) ? diff.Layers : [Sum(diff.Layers)], Columns, l => Cells(l, parsed.GetValue(layers)));
        });
        return command;
    }

    private static readonly string[] Columns = ["layer", "pool", "retained", "added", "revived", "to bank", "lost", "bank", "entered", "evicted"];

    private static IEnumerable<string> Lines(DiffAnswer diff)
    {
        yield return $"{diff.Id}: version {diff.From} -> {diff.To}; blocks: {diff.BlocksAdded.Count} more, {diff.BlocksRemoved.Count} fewer";
        foreach (InjectedText text in diff.TextsRemoved) yield return $"- {text.Version,4}  {Preview(text)}";
        foreach (InjectedText text in diff.TextsAdded) yield return $"+ {text.Version,4}  {Preview(text)}";
    }

    private static string Preview(InjectedText inject)
    {
        string text = inject.Text ?? (inject.Messages is { } talk ? string.Join(" | ", talk.Select(m => $"{m.Role}: {m.Content}")) : $"({inject.Tokens} tokens, text not kept)");
        string line = text.ReplaceLineEndings(" ");
        return line.Length <= PreviewCharacters ? line : $"{line[..PreviewCharacters]}...";
    }

    private static string[] Cells(LayerDiff l, bool isOne) =>
    [
        isOne ? l.Layer.ToString(CultureInfo.InvariantCulture) : "all",
        .. new[]
        {
            l.Pool.After, l.Pool.Retained, l.Pool.Added, l.Pool.Revived, l.Pool.DroppedToBank, l.Pool.Lost, l.Bank.After, l.Bank.Entered, l.Bank.Evicted,
        }.Select(n => n.ToString("N0", CultureInfo.InvariantCulture)),
    ];

    private static LayerDiff Sum(IReadOnlyList<LayerDiff> layers) => new(
        layers.Count,
        new PoolDiff(
            layers.Sum(l => l.Pool.Before),
            layers.Sum(l => l.Pool.After),
            layers.Sum(l => l.Pool.Retained),
            layers.Sum(l => l.Pool.Added),
            layers.Sum(l => l.Pool.Revived),
            layers.Sum(l => l.Pool.Dropped),
            layers.Sum(l => l.Pool.DroppedToBank),
            layers.Sum(l => l.Pool.Lost)),
        new BankDiff(
            layers.Sum(l => l.Bank.Before),
            layers.Sum(l => l.Bank.After),
            layers.Sum(l => l.Bank.Retained),
            layers.Sum(l => l.Bank.Entered),
            layers.Sum(l => l.Bank.Evicted)));
}
