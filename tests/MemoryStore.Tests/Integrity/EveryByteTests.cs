using System.Globalization;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Integrity;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Records;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Integrity;

/// <summary>Bits are flipped in every file of an open store, one at a time: the scrub tells each of them, names the file, and never throws.</summary>
public sealed class EveryByteTests : IDisposable
{
    private const int FlipsPerFile = 40;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task No_flipped_bit_is_missed()
    {
        await SmallStore.FillAsync(_folder.Path);
        await using SmallStore store = await SmallStore.OpenAsync(_folder.Path);
        int flips = 0;
        foreach (string path in Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToList())
        {
            string name = Path.GetFileName(path);
            if (name is "lock" or "owner" or "ballast") continue;
            foreach (long at in Places(path, name))
            {
                SmallStore.Flip(path, at, (byte)(1 << (flips % 8)));
                ScrubReport report = await store.ScrubAsync();
                SmallStore.Flip(path, at, (byte)(1 << (flips % 8)));
                string relative = Path.GetRelativePath(_folder.Path, path);
                Assert.False(report.IsClean, $"byte {at} of {relative} was changed and not noticed");
                Assert.True(report.Damages.Any(d => d.Place.File == relative), $"byte {at} of {relative}: {string.Join('\n', report.Damages)}");
                flips++;
            }
        }

        ScrubReport clean = await store.ScrubAsync();
        Assert.True(clean.IsClean, string.Join('\n', clean.Damages));
        Assert.True(flips > 300, $"{flips} flips");
    }

    [Fact]
    public async Task A_missing_file_is_told()
    {
        await SmallStore.FillAsync(_folder.Path);
        await using SmallStore store = await SmallStore.OpenAsync(_folder.Path);
        foreach (string path in Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToList())
        {
            string name = Path.GetFileName(path);
            if (name is "lock" or "owner" or "ballast" || IsGarbage(store, path, name)) continue;
            File.Move(path, path + ".away");
            ScrubReport report = await store.ScrubAsync();
            File.Move(path + ".away", path);
            Assert.False(report.IsClean, $"{Path.GetRelativePath(_folder.Path, path)} was taken away and not missed");
        }
    }

    /// <summary>A segment of an earlier epoch without live bytes may go at any time, and so may what says that it was served, and states before the newest.</summary>
    private static bool IsGarbage(SmallStore store, string path, string name)
    {
        if (name.StartsWith("state-", StringComparison.Ordinal)) return name != store.Shard.Layout.States.NameOf(store.Shard.Fence.Number);
        if (name == "served") return path != store.Shard.Layout.ServedPath(store.Shard.Epoch);
        if (!name.StartsWith("log.", StringComparison.Ordinal)) return false;
        string folder = Path.GetDirectoryName(path)!;
        var epoch = new Epoch(long.Parse(Path.GetFileName(Path.GetDirectoryName(folder)!).AsSpan(3), CultureInfo.InvariantCulture));
        LogName log = Path.GetFileName(folder) == "manifest" ? LogName.Manifest : LogName.Blocks;
        var segment = new SegmentId(epoch, log, int.Parse(name.AsSpan(4), CultureInfo.InvariantCulture));
        return epoch != store.Shard.Epoch && store.Shard.Index.Usage.BytesOf(segment) == 0;
    }

    /// <summary>Bytes that were committed, spread over the file, from a fixed seed.</summary>
    private static IEnumerable<long> Places(string path, string name)
    {
        var random = new Random(7 + name.Length);
        long end = new FileInfo(path).Length;
        if (name.StartsWith("log.", StringComparison.Ordinal))
        {
            string commit = Path.Combine(Path.GetDirectoryName(path)!, "commit.ab");
            long until = CommitSlots.Read(LocalDisk.Instance, commit).Newest.Until;
            end = Math.Min(end, until - (int.Parse(name.AsSpan(4), CultureInfo.InvariantCulture) * (16L << 10)));
        }

        if (end <= FlipsPerFile) return Enumerable.Range(0, (int)Math.Max(0, end)).Select(i => (long)i);
        return Enumerable.Range(0, FlipsPerFile).Select(i => random.NextInt64(i * end / FlipsPerFile, (i + 1) * end / FlipsPerFile));
    }
}
