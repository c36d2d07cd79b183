using LatentDb.MemoryStore.Backup;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Tests.Simulation;
using LatentDb.MemoryStore.Tests.Support;
using Xunit.Abstractions;

namespace LatentDb.MemoryStore.Tests.Backup;

/// <summary>What is brought to the second place can be restored, and nothing that was erased comes back.</summary>
public sealed class BackupTests(ITestOutputHelper output) : IDisposable
{
    private readonly BackupRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task Every_point_in_time_is_restored_as_it_was()
    {
        var writer = new SimulatedWriter(new TestModel(width: 256), "m0", seed: 1);
        var points = new List<(DateTimeOffset At, SimulatedWriter Known)>();
        for (int opening = 0; opening < 4; opening++)
        {
            await using OpenStore open = await _rig.Store.OpenAsync(_rig.Disk);
            if (opening == 0) await writer.CreateAsync(open.Catalog);
            for (int pass = 0; pass < 3; pass++)
            {
                for (int i = 0; i < 12; i++) await StepWithoutErasingAsync(writer, open, (opening * 36) + (pass * 12) + i);
                if (pass == 1) await open.CompactAsync();
                points.Add((await _rig.BackUpAsync(open), writer.Copy(1)));
            }
        }

        Assert.Empty((await _rig.VerifyAsync()).Wrong);
        foreach ((DateTimeOffset at, SimulatedWriter known) in points) await _rig.CheckAsync(known, at);
        await _rig.CheckAsync(writer);
    }

    [Fact]
    public async Task A_restored_store_goes_on_and_its_own_backups_follow_those_it_came_from()
    {
        var writer = new SimulatedWriter(new TestModel(width: 256), "m0", seed: 2);
        await using (OpenStore open = await _rig.Store.OpenAsync(_rig.Disk))
        {
            await writer.CreateAsync(open.Catalog);
            for (int i = 0; i < 10; i++) await StepWithoutErasingAsync(writer, open, i);
            await _rig.BackUpAsync(open);
        }

        (OpenStore second, _) = await _rig.RestoreAsync();
        await using (second)
        {
            for (int i = 0; i < 10; i++) await StepWithoutErasingAsync(writer, second, i);
            await _rig.BackUpAsync(second);
            await writer.EraseAsync(second.Catalog);
            await writer.CreateAsync(second.Catalog);
            await writer.InjectAsync(second.Catalog);
            await _rig.BackUpAsync(second);
        }

        Assert.Empty((await _rig.VerifyAsync()).Wrong);
        await _rig.CheckAsync(writer);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task A_memory_that_was_erased_is_in_no_backup_any_more(bool isInDirectory, bool isOpenedAgain)
    {
        var erased = new SimulatedWriter(new TestModel(width: 256), "gone", seed: 3);
        var kept = new SimulatedWriter(new TestModel(width: 256), "kept", seed: 4);
        DateTimeOffset before;
        OpenStore open = await _rig.Store.OpenAsync(_rig.Disk);
        try
        {
            foreach (SimulatedWriter writer in (SimulatedWriter[])[erased, kept])
            {
                await writer.CreateAsync(open.Catalog);
                await writer.InjectAsync(open.Catalog);
                await writer.InjectAsync(open.Catalog);
            }

            if (isInDirectory)
            {
                await open.DisposeAsync();
                open = await _rig.Store.OpenAsync(_rig.Disk);
            }

            before = await _rig.BackUpAsync(open);
            await _rig.CheckAsync(erased, before);
            await erased.EraseAsync(open.Catalog);
            if (isOpenedAgain)
            {
                // A new epoch has neither the key nor the mark that there was one.
                await open.DisposeAsync();
                open = await _rig.Store.OpenAsync(_rig.Disk);
            }

            await _rig.BackUpAsync(open);
        }
        finally
        {
            await open.DisposeAsync();
        }

        (OpenStore restored, RestoreReport report) = await _rig.RestoreAsync(before);
        await using (restored)
        {
            Assert.Equal(isInDirectory ? 1 : 0, report.Erased);
            await Assert.ThrowsAsync<LatentDbException>(() => restored.Catalog.OpenAsync(OpenStore.Key("gone"), CancellationToken.None));
            await kept.CheckAsync(restored.Catalog);
            await restored.CompactAsync();
            await erased.CreateAsync(restored.Catalog);
            await erased.CheckAsync(restored.Catalog);
        }
    }

    [Fact]
    public async Task A_pass_stores_what_is_new_and_old_points_go_with_their_pieces()
    {
        var writer = new SimulatedWriter(new TestModel(width: 256), "m0", seed: 5);
        await using OpenStore open = await _rig.Store.OpenAsync(_rig.Disk);
        await writer.CreateAsync(open.Catalog);
        for (int i = 0; i < 30; i++) await StepWithoutErasingAsync(writer, open, i);
        await _rig.BackUpAsync(open);
        int first = await CountAsync();
        await _rig.BackUpAsync(open);

        // Nothing was written: the commit records and the ends of logs are what they were.
        Assert.Equal(first, await CountAsync());
        for (int i = 0; i < 20; i++)
        {
            await writer.InjectAsync(open.Catalog);
            await _rig.BackUpAsync(open, keep: TimeSpan.Zero);
        }

        BackupCheck check = await _rig.VerifyAsync();
        Assert.Empty(check.Wrong);
        Assert.Equal(4, (await new BackupReader(_rig.Places).ListAsync(CancellationToken.None)).Count);
        Assert.Equal(check.Pieces, await CountAsync());
        await _rig.CheckAsync(writer);
    }

    [Fact]
    public async Task What_a_later_owner_has_put_is_left_alone_and_what_was_left_unfinished_is_removed()
    {
        var writer = new SimulatedWriter(new TestModel(width: 256), "m0", seed: 6);
        await using OpenStore open = await _rig.Store.OpenAsync(_rig.Disk);
        await writer.CreateAsync(open.Catalog);
        ShardId shard = open.Shard.Id;
        string[] pieces = [BackupNames.PieceOf(shard, new byte[1], new Epoch(99)), BackupNames.PieceOf(shard, new byte[1], new Epoch(1)), BackupNames.PieceOf(shard, new byte[2], new Epoch(1)) + FolderPlace.Unfinished];
        foreach (string piece in pieces) await _rig.Places.Data.PutIfAbsentAsync(piece, new byte[1], CancellationToken.None);

        await _rig.BackUpAsync(open);

        Assert.NotNull(await _rig.Places.Data.GetAsync(pieces[0], CancellationToken.None));
        Assert.Null(await _rig.Places.Data.GetAsync(pieces[1], CancellationToken.None));
        Assert.Null(await _rig.Places.Data.GetAsync(pieces[2], CancellationToken.None));
    }

    [Fact]
    public async Task A_place_that_fails_or_loses_power_at_any_change_keeps_the_points_that_it_had()
    {
        var writer = new SimulatedWriter(new TestModel(width: 256), "m0", seed: 7);
        await using OpenStore open = await _rig.Store.OpenAsync(_rig.Disk);
        await writer.CreateAsync(open.Catalog);
        for (int i = 0; i < 6; i++) await StepWithoutErasingAsync(writer, open, i);
        DateTimeOffset at = await _rig.BackUpAsync(open);
        await _rig.BackUpAsync(open);
        SimulatedWriter first = writer.Copy(1);
        for (int i = 0; i < 6; i++) await StepWithoutErasingAsync(writer, open, i);
        SimulatedDisk before = _rig.Place;

        int change = 0;
        for (bool isMet = true; isMet; change++)
        {
            Assert.True(change < 2000, $"{change} changes");
            bool isCut = change % 2 == 0;
            _rig.Place = before.Copy();
            SimulatedDisk place = _rig.Place;
            if (isCut) place.CutAt = place.Changes + change;
            else place.Faults.FailAt = place.Faults.Seen + change;
            (place.Faults.Errno, place.Faults.FailingKinds) = (DiskFaults.IoErrno, DiskChange.All);
            _rig.Time.Advance(TimeSpan.FromMinutes(1));
            int failed = await _rig.Backup(open, keep: TimeSpan.Zero).RunAsync(CancellationToken.None);
            isMet = isCut ? place.IsOff : place.Faults.Seen > place.Faults.FailAt;
            place.Faults.FailAt = null;
            Assert.Equal(isMet, failed > 0);
            if (isCut) _rig.Place = place.AfterPowerCut(change);

            Assert.Empty((await _rig.VerifyAsync()).Wrong);
            if (change % 7 == 0 && failed > 0) await _rig.CheckAsync(first, at.AddMinutes(1));
            await _rig.BackUpAsync(open);
            if (change % 5 == 0) await _rig.CheckAsync(writer);
        }

        output.WriteLine($"{change} changes");
    }

    [Fact]
    public async Task Whatever_is_written_and_compacted_meanwhile_a_backup_has_all_that_was_acknowledged_before_it_began()
    {
        const int Passes = 12;
        await using OpenStore open = await _rig.Store.OpenAsync(_rig.Disk);
        ConcurrentWriter[] writers = [.. Enumerable.Range(0, 4).Select(i => new ConcurrentWriter(new SimulatedWriter(new TestModel(width: 256), $"m{i}", i)))];
        foreach (ConcurrentWriter writer in writers) await writer.BeginAsync(open);
        using var stop = new CancellationTokenSource();
        Task load = Task.WhenAll([.. writers.Select(writer => writer.RunAsync(open, stop.Token)), CompactAsync(open, stop.Token)]);
        var points = new List<(DateTimeOffset At, int[] Known)>();
        for (int pass = 0; pass < Passes; pass++)
        {
            int[] known = [.. writers.Select(writer => writer.Acknowledged)];
            points.Add((await _rig.BackUpAsync(open), known));
        }

        await stop.CancelAsync();
        await load.WaitAsync(SimulatedStore.Patience);
        int later = 0;
        foreach ((DateTimeOffset at, int[] known) in points)
        {
            (OpenStore restored, _) = await _rig.RestoreAsync(at);
            await using (restored)
            {
                for (int i = 0; i < writers.Length; i++) later += await writers[i].FindAsync(restored, known[i]) - known[i];
            }
        }

        output.WriteLine($"{writers.Sum(writer => writer.Acknowledged)} writes, {Passes} passes; {later} writes that were made during a pass are in its backup");
        Assert.Empty((await _rig.VerifyAsync()).Wrong);
    }

    [Fact]
    public async Task A_write_between_the_two_commit_records_is_not_in_the_backup_and_harms_nothing()
    {
        (SimulatedWriter before, _) = await BackUpWithAWriteBetweenAsync(readsBlocksFirst: false);

        await _rig.CheckAsync(before);
    }

    /// <summary>The mutant: with the record of the blocks read first, that write's version is in the backup and its rows are not.</summary>
    [Fact]
    public async Task A_backup_that_reads_the_end_of_the_blocks_before_that_of_the_manifests_is_found()
    {
        (SimulatedWriter before, SimulatedWriter after) = await BackUpWithAWriteBetweenAsync(readsBlocksFirst: true);

        Assert.NotNull(await Record.ExceptionAsync(() => _rig.CheckAsync(before)));
        Assert.NotNull(await Record.ExceptionAsync(() => _rig.CheckAsync(after)));
    }

    [Fact]
    public async Task A_piece_that_rots_is_found_and_not_restored()
    {
        var writer = new SimulatedWriter(new TestModel(width: 256), "m0", seed: 8);
        await using OpenStore open = await _rig.Store.OpenAsync(_rig.Disk);
        await writer.CreateAsync(open.Catalog);
        await _rig.BackUpAsync(open);
        IReadOnlyList<string> pieces = await _rig.Places.Data.ListAsync(BackupLimits.Pieces, CancellationToken.None);

        _rig.Place.Rot($"/place/data/{pieces[0]}", 3, 1);

        Assert.Contains(pieces[0], Assert.Single((await _rig.VerifyAsync()).Wrong), StringComparison.Ordinal);
        Assert.Equal(ErrorCode.DataDamaged, (await Assert.ThrowsAsync<LatentDbException>(() => _rig.RestoreAsync())).Code);
    }

    /// <summary>What was known when the backup had read the first commit record, and after the write that was made then.</summary>
    private async Task<(SimulatedWriter Before, SimulatedWriter After)> BackUpWithAWriteBetweenAsync(bool readsBlocksFirst)
    {
        var writer = new SimulatedWriter(new TestModel(width: 256), "m0", seed: 9);
        using var disk = new CommitRecordDisk(_rig.Disk, readsBlocksFirst);
        await using OpenStore open = await _rig.Store.OpenAsync(disk);
        await writer.CreateAsync(open.Catalog);
        await writer.InjectAsync(open.Catalog);
        SimulatedWriter before = writer.Copy(1);
        Shard shard = open.Shards.Shards.Single(one => one.Id == ShardId.Of(OpenStore.Key("m0"), open.Shards.Count));
        disk.Arm(LogFolder.CommitPath(shard.Layout.LogFolderOf(shard.Epoch, LogName.Blocks)));
        Task<DateTimeOffset> backup = Task.Run(() => _rig.BackUpAsync(open));
        await disk.IsBetween.WaitAsync(SimulatedStore.Patience);
        await writer.InjectAsync(open.Catalog);
        disk.GoOn();
        await backup.WaitAsync(SimulatedStore.Patience);
        return (before, writer);
    }

    private async Task<int> CountAsync() => (await _rig.Places.Data.ListAsync(BackupLimits.Pieces, CancellationToken.None)).Count;

    private static async Task CompactAsync(OpenStore open, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested) await open.CompactAsync();
    }

    private static Task StepWithoutErasingAsync(SimulatedWriter writer, OpenStore open, int number) => (number % 4) switch
    {
        0 => writer.RollBackAsync(open.Catalog),
        1 => writer.SnapshotAsync(open.Catalog),
        _ => writer.InjectAsync(open.Catalog),
    };

    /// <summary>Writes without end and remembers what was there after each write.</summary>
    private sealed class ConcurrentWriter(SimulatedWriter writer)
    {
        private readonly List<SimulatedWriter> _states = [];
        private int _newest;

        /// <summary>Number of the newest state that was acknowledged.</summary>
        public int Acknowledged => Volatile.Read(ref _newest);

        public async Task BeginAsync(OpenStore open)
        {
            await writer.CreateAsync(open.Catalog);
            _states.Add(writer.Copy(1));
        }

        public Task RunAsync(OpenStore open, CancellationToken stop) => Task.Run(async () =>
        {
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                await StepWithoutErasingAsync(writer, open, i);
                _states.Add(writer.Copy(1));
                Volatile.Write(ref _newest, _states.Count - 1);
            }
        }, CancellationToken.None);

        /// <summary>The state that the restored store is in: one at or after the one that was known.</summary>
        public async Task<int> FindAsync(OpenStore restored, int known)
        {
            for (int i = known; i < _states.Count; i++)
            {
                try
                {
                    await _states[i].Copy(1).CheckAsync(restored.Catalog);
                    return i;
                }
                catch (InvalidOperationException)
                {
                    // Another one.
                }
            }

            throw new InvalidOperationException($"The restored store is in none of the {_states.Count - known} states since the pass began.");
        }
    }
}
