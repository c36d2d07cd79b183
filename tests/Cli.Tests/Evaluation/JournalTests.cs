using LatentDb.Cli.Evaluation;
using LatentDb.Testing;

namespace LatentDb.Cli.Tests.Evaluation;

public sealed class JournalTests
{
    private static readonly Dictionary<string, string> Settings = new(StringComparer.Ordinal) { ["seed"] = "1" };

    [Fact]
    public async Task What_was_measured_is_there_after_an_interruption()
    {
        using var folder = new TempFolder();
        string path = Path.Combine(folder.Path, "journal.jsonl");
        string run = await WriteAsync(path, 0, 1, 2);

        await using Journal again = await Journal.OpenAsync(path, "retention", Settings, CancellationToken.None);

        Assert.Equal(run, again.Run);
        Assert.Equal([0, 1, 2], again.Measurements.Select(m => m.Item).Order());
        Assert.True(again.IsDone(2));
        Assert.False(again.IsDone(3));
    }

    [Fact]
    public async Task An_item_that_was_cut_off_is_done_again_wherever_the_cut_fell()
    {
        using var folder = new TempFolder();
        string path = Path.Combine(folder.Path, "journal.jsonl");
        await WriteAsync(path, 0, 1);
        byte[] whole = await File.ReadAllBytesAsync(path);
        int firstItem = Array.IndexOf(whole, (byte)'\n') + 1;
        int firstDone = Find(whole, "{\"done\":0}\n");
        for (int length = firstItem; length < whole.Length - 1; length++)
        {
            await File.WriteAllBytesAsync(path, whole[..length]);

            await using Journal again = await Journal.OpenAsync(path, "retention", Settings, CancellationToken.None);

            // A last line without its end is whole when all of its object is there.
            Assert.Equal(length >= firstDone - 1, again.IsDone(0));
            Assert.Equal(again.IsDone(0) ? 1 : 0, again.Measurements.Count);
            Assert.False(again.IsDone(1) && length < whole.Length - 1);
        }
    }

    [Theory]
    [InlineData("retention", "2")]
    [InlineData("update", "1")]
    public async Task Another_run_is_not_continued(string protocol, string seed)
    {
        using var folder = new TempFolder();
        string path = Path.Combine(folder.Path, "journal.jsonl");
        await WriteAsync(path, 0);

        UsageException refusal = await Assert.ThrowsAsync<UsageException>(
            () => Journal.OpenAsync(path, protocol, new Dictionary<string, string>(StringComparer.Ordinal) { ["seed"] = seed }, CancellationToken.None));

        Assert.Contains("--out", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("not json\n")]
    [InlineData("{}\n")]
    [InlineData("[]\n")]
    public async Task A_file_of_somebody_else_is_left_alone(string text)
    {
        using var folder = new TempFolder();
        string path = Path.Combine(folder.Path, "journal.jsonl");
        await File.WriteAllTextAsync(path, text);

        await Assert.ThrowsAsync<UsageException>(() => Journal.OpenAsync(path, "retention", Settings, CancellationToken.None));

        Assert.Equal(text, await File.ReadAllTextAsync(path));
    }

    private static async Task<string> WriteAsync(string path, params int[] items)
    {
        await using Journal journal = await Journal.OpenAsync(path, "retention", Settings, CancellationToken.None);
        foreach (int item in items) await journal.AddAsync(item, [new Measurement(item, "pool", 4, 1, "Lisbon", "Lisbon")], CancellationToken.None);
        return journal.Run;
    }

    private static int Find(byte[] bytes, string text) => bytes.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(text)) + text.Length;
}
