using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Timeline;

/// <summary>Random histories against a model in RAM: after every restart all versions, snapshots and blocks are equal bit for bit.</summary>
public sealed class RandomHistoryTests
{
    private const int Steps = 60;

    [Theory]
    [InlineData(1, 4096)]
    [InlineData(2, 10)]
    [InlineData(3, 10)]
    [InlineData(4, 5)]
    [InlineData(5, 1)]
    public async Task A_random_history_equals_its_model(int seed, int framesBetweenCheckpoints)
    {
        using var folder = new TempFolder();
        var settings = new ShardSettings { FramesBetweenCheckpoints = framesBetweenCheckpoints, WritesBetweenImages = 5 };
        var history = new History(seed, folder.Path, settings);
        await history.RunAsync(Steps);
        await history.CheckAsync();
    }

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
                await catalog.EraseAsync(OpenStore.Key(memory), CancellationToken.None);
                _memories.Remove(memory);
                return;
            }

            await ChangeAsync(await catalog.OpenAsync(OpenStore.Key(memory), CancellationToken.None), _memories[memory], verb);
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
                await timeline.RollBackAsync(new VersionSelector.NumberSelector(target), timeline.Summary.Head.Number, WriteOrigin.None, CancellationToken.None);
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
            Assert.Equal(_memories.Keys, (await store.Catalog.ListAsync(TenantId.Parse("acme"), 1000, null, CancellationToken.None)).Select(m => m.Key.Memory.Value));
            await StoreContent.CheckUsageAsync(store.Catalog);
            foreach ((string name, MemoryModel model) in _memories)
            {
                MemoryTimeline timeline = await store.Catalog.OpenAsync(OpenStore.Key(name), CancellationToken.None);
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
