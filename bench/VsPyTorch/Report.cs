using System.Globalization;

namespace LatentDb.VsPyTorch;

/// <summary>Results as a table in Markdown, on the console and in a file.</summary>
internal sealed class Report(IReadOnlyList<string> peers)
{
    private readonly List<string> _lines = [];

    public void Write(string line)
    {
        _lines.Add(line);
        Console.WriteLine(line);
    }

    public void BeginTable(string ours)
    {
        Write($"| work | unit | {ours} | {string.Join(" | ", peers.Select(p => $"{p} | times better"))} | bar | floor | spread |");
        Write($"|---|---|---|{string.Concat(peers.Select(_ => "---|---|"))}---|---|---|");
    }

    public void Add(ContestResult result)
    {
        Contest contest = result.Contest;
        string sides = string.Join(" | ", Enumerable.Range(1, result.Medians.Length - 1).Select(i => Text($"{result.Medians[i]:G4} | {result.Ratio(i):0.00}")));
        if (result.Medians.Length == 1) sides = string.Join(" | ", peers.Select(_ => " | "));
        string bar = contest.Bar is not { } wanted ? string.Empty : Text($"{wanted:0.0} {(result.Medians.Length > 1 && result.Ratio(1) >= wanted ? "held" : "**missed**")}");
        string floor = contest.Floor is { } limit ? Text($"{limit:G3}") : string.Empty;
        Write(Text($"| {contest.What} | {contest.Unit} | {result.Medians[0]:G4} | {sides} | {bar} | {floor} | {result.Spread:0.00} |"));
    }

    public Task SaveAsync(string file) => File.WriteAllLinesAsync(file, _lines);

    public static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
