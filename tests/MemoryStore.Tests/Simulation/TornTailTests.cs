using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Tests.Fuzz;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;

namespace LatentDb.MemoryStore.Tests.Simulation;

/// <summary>
/// The end of the manifest log and its commit record, torn in every way: the store opens with a whole prefix of what was written, never less than was
/// acknowledged, or it is refused when what was acknowledged is not there. It never looks empty.
/// </summary>
public sealed class TornTailTests : IAsyncLifetime, IDisposable
{
    private const int SlotBytes = 8192;
    private const int CopyBytes = 4096;
    private const int TailRecords = 3;

    private readonly SimulatedStore _store = new();
    private readonly SimulatedDisk _disk = new();
    private readonly TestModel _model = new();
    private readonly List<byte[]> _commits = [];
    private readonly List<long> _ends = [];

    private string Manifest => Path.Combine(_store.Root, "shard-0000", "ep-0000000001", "manifest");

    private string Log => LogFolder.SegmentPath(Manifest, 0);

    private string Commit => LogFolder.CommitPath(Manifest);

    /// <summary>Three versions, then three records of which the middle one has several frames. After each: what the commit record was, and where the log ended.</summary>
    public async Task InitializeAsync()
    {
        await using OpenStore open = await _store.OpenAsync(_disk, shards: 1);
        MemoryTimeline timeline = await _model.CreateAsync(open.Catalog, OpenStore.Key("bob"));
        for (int seed = 1; seed <= 2; seed++) await _model.InjectAsync(timeline, seed);
        Note();
        await timeline.CreateSnapshotAsync(SnapshotName.Parse("one"), VersionSelector.Head, CancellationToken.None);
        Note();
        await open.Catalog.CreateAsync(OpenStore.Key("eve"), _model.Fingerprint, $"{{\"text\":\"{new string('x', 9000)}\"}}", WriteOrigin.None, CancellationToken.None);
        Note();
        await timeline.CreateSnapshotAsync(SnapshotName.Parse("two"), VersionSelector.Head, CancellationToken.None);
        Note();
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => _store.Dispose();

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Past_the_commit_record_the_longest_whole_prefix_is_kept(bool isGarbage, bool isSlotTorn)
    {
        byte[] commit = [.. _commits[isSlotTorn ? 1 : 0]];
        if (isSlotTorn) commit.AsSpan(NewestSlot(commit) * SlotBytes, SlotBytes).Fill(0xa5);
        List<long> ends = await RecordEndsAsync();
        foreach (int at in await TailBytesAsync())
        {
            int whole = ends.Count(end => at >= end);
            int state = await StateAsync(Torn(at, isGarbage, commit));
            Assert.True(state == whole || (state == whole + 1 && IsZero(at, ends[whole])), $"byte {at}: {state} records, {whole} are whole");
        }
    }

    [Fact]
    public async Task Below_the_commit_record_a_torn_tail_is_refused()
    {
        byte[] commit = _commits[TailRecords];
        for (int at = (int)_ends[0]; at < _ends[TailRecords]; at += 211)
        {
            if (IsZero(at, _ends[TailRecords])) continue;
            Assert.Equal(-1, await StateAsync(Torn(at, isGarbage: at % 2 == 0, commit)));
        }
    }

    [Fact]
    public async Task Every_damaged_commit_record_is_made_good_or_refused_and_never_looks_empty()
    {
        int cases = 0;
        foreach ((string what, byte[] commit) in DamagedCommits())
        {
            SimulatedDisk disk = _disk.Copy();
            disk.Replace(Commit, commit);
            int state = await StateAsync(disk);
            Assert.True(state is -1 or TailRecords, $"{what}: {state} records");
            cases++;
        }

        Assert.True(cases >= 200, $"{cases} cases");
    }

    [Fact]
    public async Task A_missing_commit_record_is_refused()
    {
        SimulatedDisk disk = _disk.Copy();
        disk.DeleteFile(Commit);

        Assert.Equal(-1, await StateAsync(disk));
    }

    /// <summary>Each copy and each slot flipped at many places, empty, full of noise, cut off, or from the past.</summary>
    private IEnumerable<(string What, byte[] Commit)> DamagedCommits()
    {
        byte[] whole = _commits[TailRecords];
        var random = new Random(1);
        byte[] noise = new byte[whole.Length];
        random.NextBytes(noise);
        for (int copy = 0; copy < whole.Length / CopyBytes; copy++)
        {
            for (int i = 0; i < 24; i++)
            {
                byte[] flipped = [.. whole];
                flipped[(copy * CopyBytes) + random.Next(i < 12 ? 64 : CopyBytes)] ^= (byte)(1 << random.Next(8));
                yield return ($"copy {copy} flipped", flipped);
            }
        }

        for (int mask = 1; mask < 16; mask++)
        {
            foreach (byte[] source in new[] { new byte[whole.Length], noise, _commits[1], _commits[2] })
            {
                byte[] replaced = [.. whole];
                for (int copy = 0; copy < 4; copy++)
                {
                    if ((mask & (1 << copy)) != 0) source.AsSpan(copy * CopyBytes, CopyBytes).CopyTo(replaced.AsSpan(copy * CopyBytes));
                }

                yield return ($"copies {mask:b4} replaced", replaced);
            }
        }

        for (int end = 0; end < whole.Length; end += 331) yield return ($"cut at {end}", whole[..end]);
    }

    private void Note()
    {
        _commits.Add(_disk.ReadAll(Commit));
        _ends.Add(CommitSlots.Read(_disk, Commit).Newest.Until);
    }

    private SimulatedDisk Torn(int at, bool isGarbage, byte[] commit)
    {
        SimulatedDisk disk = _disk.Copy();
        byte[] log = disk.ReadAll(Log);
        if (isGarbage) new Random(at).NextBytes(log.AsSpan(at));
        disk.Replace(Log, isGarbage ? log : log.AsSpan(0, at));
        disk.Replace(Commit, commit);
        return disk;
    }

    /// <summary>Every byte of the frames' headers and ends, and every so many of what is between; all of them in a long run.</summary>
    private async Task<List<int>> TailBytesAsync()
    {
        var places = new SortedSet<int>();
        for (int at = (int)_ends[0]; at < _ends[TailRecords]; at += (LongMode.IsOn ? 1 : 97)) places.Add(at);
        using var reader = new SegmentReader(_disk, Manifest, LogFolder.Read(_disk, Manifest).Geometry);
        var scanner = new LogScanner(reader, _ends[0]);
        while (await scanner.MoveNextAsync(_ends[TailRecords], CancellationToken.None))
        {
            int end = (int)scanner.Address + LogGeometry.EntryHeaderBytes + scanner.Entry.Length;
            places.UnionWith(Enumerable.Range((int)scanner.Address, LogGeometry.EntryHeaderBytes + 96));
            places.UnionWith(Enumerable.Range(end - 16, 32));
        }

        places.RemoveWhere(at => at >= _ends[TailRecords]);
        return [.. places];
    }

    /// <summary>Where the last frame of each of the last records ends, without what fills its sector.</summary>
    private async Task<List<long>> RecordEndsAsync()
    {
        using var reader = new SegmentReader(_disk, Manifest, LogFolder.Read(_disk, Manifest).Geometry);
        var scanner = new LogScanner(reader, _ends[0]);
        long[] ends = new long[TailRecords];
        while (await scanner.MoveNextAsync(_ends[TailRecords], CancellationToken.None))
        {
            int record = _ends.FindIndex(end => scanner.Address < end) - 1;
            ends[record] = scanner.Address + LogGeometry.EntryHeaderBytes + scanner.Entry.Length;
        }

        return [.. ends];
    }

    /// <summary>Zeros that are cut off are read as zeros.</summary>
    private bool IsZero(int from, long until) => !_disk.ReadAll(Log).AsSpan(from, (int)until - from).ContainsAnyExcept((byte)0);

    private static int NewestSlot(byte[] commit) => BitConverter.ToInt64(commit, 16) > BitConverter.ToInt64(commit, SlotBytes + 16) ? 0 : 1;

    /// <summary>How many of the last records are there; -1 when the store is refused as damaged. Anything else is a failure.</summary>
    private async Task<int> StateAsync(SimulatedDisk disk)
    {
        try
        {
            await using OpenStore open = await _store.OpenAsync(disk, shards: 1);
            MemoryTimeline timeline = await open.Catalog.OpenAsync(OpenStore.Key("bob"), CancellationToken.None);
            Assert.Equal(3, timeline.Summary.Head.Number.Value);
            string snapshots = string.Join(',', timeline.ListSnapshots().Select(s => s.Name.ToString()));
            int memories = (await open.Catalog.ListAsync(TenantId.Parse("acme"), 10, null, CancellationToken.None)).Length;
            return (snapshots, memories) switch
            {
                ("", 1) => 0,
                ("one", 1) => 1,
                ("one", 2) => 2,
                ("one,two", 2) => 3,
                _ => throw new InvalidOperationException($"Snapshots {snapshots}, {memories} memories."),
            };
        }
        catch (LatentDbException e) when (e.Code == ErrorCode.DataDamaged)
        {
            return -1;
        }
    }
}
