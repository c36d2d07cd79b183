using System.Text;
using LatentDb.MemoryStore.Disk;
using LatentDb.Silo.Audit;
using LatentDb.Testing;

namespace LatentDb.Silo.Tests.Audit;

/// <summary>T32: whoever edits, takes away, adds or moves a line of the log is found out.</summary>
public sealed class AuditChainTests : IDisposable
{
    private const int Lines = 60;

    private readonly TempFolder _data = new();
    private readonly ManualTimeProvider _time = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public void A_log_that_nobody_touched_is_whole_also_after_it_was_opened_again()
    {
        Write(Lines);
        AuditAnchor anchor = Write(Lines);

        AuditVerdict verdict = AuditCheck.Run(Folder(), anchor, default);

        Assert.True(verdict.IsWhole, string.Join('\n', verdict.Faults));
        Assert.Equal((2L * Lines, 1L, 2L * Lines), (verdict.Lines, verdict.First, verdict.Head));
    }

    [Fact]
    public void Every_edit_deletion_repetition_and_swap_of_lines_is_found()
    {
        AuditAnchor anchor = Write(Lines);
        string path = Folder().PathOf(1);
        string[] lines = File.ReadAllLines(path);
        int changes = 0;
        for (int i = 0; i < lines.Length; i++)
        {
            string[] edited = [.. lines];
            edited[i] = edited[i].Replace("\"m", "\"n", StringComparison.Ordinal);
            string[] repeated = [.. lines[..i], lines[i], .. lines[i..]];
            string[] shortened = [.. lines[..i], .. lines[(i + 1)..]];
            string[] cut = lines[..i];
            foreach (string[] changed in (string[][])[edited, repeated, shortened, cut])
            {
                Assert.False(IsWhole(path, changed, anchor), $"{changed.Length} lines, change at {i}");
                changes++;
            }

            for (int j = i + 1; j < lines.Length; j += 7)
            {
                string[] swapped = [.. lines];
                (swapped[i], swapped[j]) = (swapped[j], swapped[i]);
                Assert.False(IsWhole(path, swapped, anchor), $"{i} and {j} swapped");
                changes++;
            }
        }

        Assert.True(changes > 400, $"{changes} changes");
        Assert.True(IsWhole(path, lines, anchor));
    }

    [Fact]
    public void Every_flipped_bit_is_found()
    {
        AuditAnchor anchor = Write(8);
        string path = Folder().PathOf(1);
        byte[] content = File.ReadAllBytes(path);
        for (int at = 0; at < content.Length; at++)
        {
            byte[] changed = [.. content];
            changed[at] ^= (byte)(1 << (at % 8));
            File.WriteAllBytes(path, changed);
            Assert.False(AuditCheck.Run(Folder(), anchor, default).IsWhole, $"byte {at}");
        }
    }

    [Fact]
    public void Lines_that_were_cut_off_while_the_server_was_down_are_missed_when_it_starts()
    {
        Write(Lines);
        string path = Folder().PathOf(1);
        string[] lines = File.ReadAllLines(path);
        File.WriteAllText(path, string.Concat(lines[..40].Select(l => l + "\n")));

        using AuditWriter writer = AuditWriter.Open(Folder(), _time);
        AuditVerdict verdict = AuditCheck.Run(Folder(), writer.Anchor, default);

        Assert.NotNull(writer.Damage);
        Assert.Equal(40, Assert.Single(verdict.Faults).After);
        Assert.Equal(Lines + 1, writer.Head.Seq);
    }

    [Fact]
    public void A_segment_or_an_anchor_that_is_gone_is_missed_when_the_server_starts()
    {
        Write(Lines);
        File.Delete(Path.Combine(_data.Path, "audit", "anchor"));
        using (AuditWriter writer = AuditWriter.Open(Folder(), _time)) Assert.NotNull(writer.Damage);

        foreach (long segment in Folder().Segments()) File.Delete(Folder().PathOf(segment));
        using (AuditWriter writer = AuditWriter.Open(Folder(), _time)) Assert.NotNull(writer.Damage);
    }

    [Fact]
    public void What_a_crash_left_unfinished_is_cut_and_noted()
    {
        Write(10);
        File.AppendAllText(Folder().PathOf(1), "{\"seq\":11,\"time\":\"20");

        using AuditWriter writer = AuditWriter.Open(Folder(), _time);

        Assert.Null(writer.Damage);
        Assert.True(AuditCheck.Run(Folder(), writer.Anchor, default).IsWhole);
        Assert.Equal("audit.cut", AuditText.TryDecode(Encoding.UTF8.GetBytes(File.ReadAllLines(Folder().PathOf(1))[^1]))!.Action);
    }

    [Fact]
    public void What_is_too_old_goes_in_whole_segments_and_the_rest_is_whole()
    {
        AuditEntry[] large = [.. Enumerable.Range(0, 1000).Select(i => Entry(i) with { Target = new string('m', 500) })];
        using AuditWriter writer = AuditWriter.Open(Folder(), _time);
        for (int day = 0; day < 60; day++)
        {
            writer.Append(large);
            _time.Advance(TimeSpan.FromDays(1));
        }

        int before = Folder().Segments().Length;
        writer.Expire(_time.GetUtcNow() - TimeSpan.FromDays(20));
        long[] after = Folder().Segments();

        Assert.InRange(before, 2, 10);
        Assert.InRange(after.Length, 1, before - 1);
        AuditVerdict verdict = AuditCheck.Run(Folder(), writer.Anchor, default);
        Assert.True(verdict.IsWhole, string.Join('\n', verdict.Faults));
        Assert.Equal(after[0], verdict.First);
        File.Delete(Folder().PathOf(after[0]));
        Assert.False(AuditCheck.Run(Folder(), writer.Anchor, default).IsWhole);
    }

    private bool IsWhole(string path, string[] lines, AuditAnchor anchor)
    {
        File.WriteAllText(path, string.Concat(lines.Select(l => l + "\n")));
        return AuditCheck.Run(Folder(), anchor, default).IsWhole;
    }

    private AuditAnchor Write(int lines)
    {
        using AuditWriter writer = AuditWriter.Open(Folder(), _time);
        for (int i = 0; i < lines; i += 4) writer.Append([.. Enumerable.Range(i, Math.Min(4, lines - i)).Select(Entry)]);
        writer.WriteAnchor();
        return writer.Anchor;
    }

    private AuditFolder Folder() => new(LocalDisk.Instance, _data.Path);

    private static AuditEntry Entry(int i) => new("acme", "abcdefghijkl", "inject", $"m{i}", 200, $"r-{i}", "127.0.0.1");
}
