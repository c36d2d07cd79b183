using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Shards.Epochs;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using LatentDb.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace LatentDb.MemoryStore.Tests.Timeline;

/// <summary>Random histories against a model in RAM: after every restart all versions, snapshots and blocks are equal bit for bit.</summary>
public sealed class RandomHistoryTests
{
    private const int Steps = 60;

    [Theory]
    [InlineData(1, 4096, 8)]
    [InlineData(2, 10, 1000)]
    [InlineData(3, 10, 3)]
    [InlineData(4, 5, 2)]
    [InlineData(5, 1, 2)]
    public async Task A_random_history_equals_its_model(int seed, int framesBetweenCheckpoints, int maxLooseEpochs)
    {
        using var folder = new TempFolder();
        var settings = new ShardSettings { FramesBetweenCheckpoints = framesBetweenCheckpoints, MaxLooseEpochs = maxLooseEpochs, WritesBetweenImages = 5 };
        var history = new History(seed, folder.Path, settings);
        await history.RunAsync(Steps);
        await history.CheckAsync();
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    public async Task Replay_from_the_first_frame_gives_the_same_index_as_from_the_newest_checkpoint(int seed)
    {
        using var folder = new TempFolder();
        var settings = new ShardSettings { FramesBetweenCheckpoints = 7, MaxLooseEpochs = 1000, WritesBetweenImages = 5 };
        await new History(seed, folder.Path, settings).RunAsync(Steps);
        var layout = new ShardLayout(LocalDisk.Instance, folder.Combine("shard-0000"));
        Epoch current = ShardState.Read(LocalDisk.Instance, layout.StatePath).Current;
        using var epochs = new EpochSet(layout);

        RecoveredShard whole = await new EpochReplay(layout, epochs, NullLogger.Instance).RunAsync(current, useCheckpoints: false, CancellationToken.None);
        RecoveredShard tail = await new EpochReplay(layout, epochs, NullLogger.Instance).RunAsync(current, useCheckpoints: true, CancellationToken.None);

        Assert.True(tail.ReplayedFrames <= whole.ReplayedFrames);
        Assert.Contains(layout.Epochs(), e => CommitHasCheckpoint(layout, e));
        Assert.Equal(Text(whole), Text(tail));
        Assert.Equal(whole.HighMark, tail.HighMark);
        Assert.Equal(string.Join('\n', whole.Epochs), string.Join('\n', tail.Epochs));
    }

    private static bool CommitHasCheckpoint(ShardLayout layout, Epoch epoch) =>
        MemoryStore.Shards.Frames.LogCookie.Read(CommitSlots.Read(layout.Disk, LogFolder.CommitPath(layout.ManifestFolder(epoch))).Newest).Checkpoint.Address > 0;

    private static string Text(RecoveredShard shard) => Convert.ToHexString(RecordCodec.Encode(shard.Index.ToCheckpoint()).Span);

    /// <summary>A store and what it must hold.</summary>
    private sealed class History(int seed, string folder, ShardSettings settings)
    {
        private readonly Random _random = new(seed);
        private readonly TestModel _model = new();
        private readonly SortedDictionary<string, MemoryModel> _memories = new(StringComparer.Ordinal);
        private int _next;

        public async Task RunAsync(int steps)
        {
            OpenStore store = await OpenStore.AtAsync(folder, settings);
            try
            {
                for (int step = 0; step < steps; step++)
                {
                    if (_random.Next(8) == 0)
                    {
                        await store.DisposeAsync();
                        store = await OpenStore.AtAsync(folder, settings);
                        await CompareAsync(store, $"seed {seed}, reopened at step {step}");
                    }

                    await StepAsync(store.Catalog);
                }

                await CompareAsync(store, $"seed {seed}, at the end");
            }
            finally
            {
                await store.DisposeAsync();
            }
        }

        public async Task CheckAsync()
        {
            await using OpenStore store = await OpenStore.AtAsync(folder, settings);
            await CompareAsync(store, $"seed {seed}, after the last restart");
        }

        private async Task StepAsync(MemoryCatalog catalog)
        {
            int verb = _random.Next(20);
            if (_memories.Count == 0 || verb == 0)
            {
                string name = $"m{_next++}";
                await _model.CreateAsync(catalog, OpenStore.Key(name), $"{{\"n\":{_next}}}");
                Manifest genesis = await catalog.EnsureGenesisAsync(OpenStore.Key(name), _model.Fingerprint, _model.WriteGenesisAsync, CancellationToken.None);
                _memories.Add(name, new MemoryModel(genesis));
                return;
            }

            string memory = _memories.Keys.ElementAt(_random.Next(_memories.Count));
            if (verb == 1 && _memories.Count > 1)
            {
                await catalog.DeleteAsync(OpenStore.Key(memory), CancellationToken.None);
                _memories.Remove(memory);
                return;
            }

            await ChangeAsync(catalog.Open(OpenStore.Key(memory)), _memories[memory], verb);
        }

        private async Task ChangeAsync(MemoryTimeline timeline, MemoryModel model, int verb)
        {
            var target = new VersionNumber(_random.Next(model.Versions.Count) + 1);
            if (verb < 12)
            {
                await InjectAsync(timeline, model);
            }
            else if (verb < 16)
            {
                await timeline.RollBackAsync(new VersionSelector.NumberSelector(target), timeline.Summary.Head.Number, null, CancellationToken.None);
                model.Versions.Add(model.Versions[(int)target.Value - 1]);
            }
            else if (verb < 18 || model.Snapshots.Count == 0)
            {
                string name = $"s{_next++}";
                await timeline.CreateSnapshotAsync(SnapshotName.Parse(name), new VersionSelector.NumberSelector(target), CancellationToken.None);
                model.Snapshots.Add(name, target.Value);
            }
            else
            {
                string name = model.Snapshots.Keys.First();
                await timeline.DeleteSnapshotAsync(SnapshotName.Parse(name), CancellationToken.None);
                model.Snapshots.Remove(name);
            }
        }

        private async Task InjectAsync(MemoryTimeline timeline, MemoryModel model)
        {
            await using AppendTransaction transaction = timeline.BeginAppend();
            var deltas = new List<ManifestDelta>();
            Manifest manifest = model.Versions[^1];
            for (int chunk = _random.Next(1, 4); chunk > 0; chunk--)
            {
                ManifestDelta delta = await _model.StageAsync(transaction, _random.Next());
                deltas.Add(delta);
                manifest = delta.Apply(manifest);
            }

            if (_random.Next(6) == 0) return; // Staged, then given up.
            await timeline.AppendAsync(transaction, new VersionDraft([.. deltas], _model.Fingerprint, 1, 16, null), timeline.Summary.Head.Number, CancellationToken.None);
            model.Versions.Add(manifest);
        }

        private async Task CompareAsync(OpenStore store, string where)
        {
            Assert.Equal(_memories.Keys, store.Catalog.List(TenantId.Parse("acme"), 1000, null).Select(m => m.Key.Memory.Value));
            foreach ((string name, MemoryModel model) in _memories)
            {
                MemoryTimeline timeline = store.Catalog.Open(OpenStore.Key(name));
                Assert.True(model.Versions.Count == timeline.Summary.Head.Number.Value, where);
                Assert.Equal(model.Snapshots, timeline.ListSnapshots().ToDictionary(s => s.Name.Value, s => s.Version.Value));
                await StoreContent.ReadEverythingAsync(store.Catalog, timeline);
                for (int i = 0; i < model.Versions.Count; i++)
                {
                    VersionedManifest read = await timeline.ReadAsync(new VersionSelector.NumberSelector(new VersionNumber(i + 1)), CancellationToken.None);
                    Assert.True(TestModel.Fingerprinted(model.Versions[i]) == TestModel.Fingerprinted(read.Manifest), $"{where}: version {i + 1} of {name}");
                }
            }
        }
    }

    private sealed class MemoryModel(Manifest genesis)
    {
        public List<Manifest> Versions { get; } = [genesis];

        public SortedDictionary<string, long> Snapshots { get; } = new(StringComparer.Ordinal);
    }
}
