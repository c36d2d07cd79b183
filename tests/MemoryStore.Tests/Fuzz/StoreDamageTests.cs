using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tests.Models;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using LatentDb.Testing;
using Xunit.Abstractions;

namespace LatentDb.MemoryStore.Tests.Fuzz;

/// <summary>
/// A small store of two epochs, one bit of one of its files changed, over all files: it is refused, or a version is refused, or all is as it was.
/// Never other data, never a version less, never a hang. 2,000 places in a build, 20,000 with LATENTDB_LONG=1.
/// </summary>
public sealed class StoreDamageTests(ITestOutputHelper output) : IAsyncLifetime, IDisposable
{
    private const string SeedVariable = "LATENTDB_DAMAGE_SEED";
    private static readonly TimeSpan HangLimit = TimeSpan.FromMinutes(1);

    private readonly TempFolder _folder = new();
    private readonly string _copies = MakeFolderForCopies();
    private readonly TestModel _model = new();
    private readonly Dictionary<string, string[]> _expected = new(StringComparer.Ordinal);
    private StoredFiles? _files;

    public async Task InitializeAsync()
    {
        string folder = _folder.Combine("whole");
        await using (OpenStore store = await OpenStore.AtAsync(folder)) await WriteFirstAsync(store);
        await using (OpenStore store = await OpenStore.AtAsync(folder)) await WriteSecondAsync(store);
        _files = StoredFiles.Load(folder);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose()
    {
        _folder.Dispose();
        Directory.Delete(_copies, recursive: true);
    }

    [Fact]
    public Task Any_flipped_bit_is_detected_or_harmless() => TryAsync(LongMode.Rounds(inCI: 1600, whole: 20_000), StoreDamage.FlipBit);

    [Fact]
    public Task Any_swapped_word_zeroed_or_misdirected_sector_is_detected_or_harmless() => TryAsync(LongMode.Rounds(inCI: 400, whole: 20_000), StoreDamage.Other);

    /// <summary>In RAM where there is a file system for it: thousands of openings would otherwise mostly wait for syncs.</summary>
    private static string MakeFolderForCopies()
    {
        const string InRam = "/dev/shm";
        return Directory.Exists(InRam)
            ? Directory.CreateDirectory(Path.Combine(InRam, $"latentdb-{Guid.NewGuid():n}")).FullName
            : Directory.CreateTempSubdirectory("latentdb-").FullName;
    }

    private async Task TryAsync(int rounds, Func<StoredFiles, Random, StoreDamage> make)
    {
        (int from, int to) = int.TryParse(Environment.GetEnvironmentVariable(SeedVariable), out int only) ? (only, only + 1) : (0, rounds);
        int detected = 0;
        for (int seed = from; seed < to; seed++)
        {
            StoreDamage damage = make(_files!, new Random(seed));
            string folder = Directory.CreateDirectory(Path.Combine(_copies, $"seed{seed}")).FullName;
            _files!.WriteTo(folder, damage.Name, damage.Bytes);
            string where = $"{damage.What}. Replay: {SeedVariable}={seed} dotnet test tests/MemoryStore.Tests --filter FullyQualifiedName~StoreDamageTests";
            try
            {
                if (await IsDetectedAsync(folder).WaitAsync(HangLimit)) detected++;
            }
            catch (Exception error) when (error is not LatentDbException)
            {
                throw new InvalidOperationException($"{error.GetType().Name}: {error.Message} After {where}", error);
            }

            Directory.Delete(folder, recursive: true);
        }

        output.WriteLine($"{to - from} damages, {detected} detected, the others harmless");
        if (to - from > 1) Assert.InRange(detected, 1, to - from - 1);
    }

    private async Task<bool> IsDetectedAsync(string folder)
    {
        OpenStore store;
        try
        {
            store = await OpenStore.AtAsync(folder);
        }
        catch (LatentDbException error)
        {
            AssertNamesDamage(error);
            return true;
        }

        await using (store) return await HasRefusedVersionAsync(store);
    }

    /// <summary>Compares every version that can be read; those that cannot must say why.</summary>
    private async Task<bool> HasRefusedVersionAsync(OpenStore store)
    {
        bool isRefused = false;
        string[] listed = [.. (await store.Catalog.ListAsync(TenantId.Parse("acme"), 10, null, CancellationToken.None)).Select(m => m.Key.Memory.Value)];
        var readable = new List<string>();
        foreach ((string name, string[] versions) in _expected.OrderBy(e => e.Key, StringComparer.Ordinal))
        {
            if (await TryOpenAsync(store, name) is not MemoryTimeline timeline)
            {
                isRefused = true;
                continue;
            }

            readable.Add(name);
            Assert.Equal(versions.Length, timeline.Summary.Head.Number.Value);
            for (int i = 0; i < versions.Length; i++)
            {
                string? read = await TryReadAsync(store, timeline, i + 1);
                if (read is null) isRefused = true;
                else Assert.Equal(versions[i], read);
            }
        }

        // A memory whose state is damaged is left out, and no other one.
        Assert.Equal(readable, listed);
        return isRefused;
    }

    private static async Task<MemoryTimeline?> TryOpenAsync(OpenStore store, string name)
    {
        try
        {
            return await store.Catalog.OpenAsync(OpenStore.Key(name), CancellationToken.None);
        }
        catch (LatentDbException error)
        {
            AssertNamesDamage(error);
            return null;
        }
    }

    private static async Task<string?> TryReadAsync(OpenStore store, MemoryTimeline timeline, int number)
    {
        try
        {
            return await ReadAsync(store, timeline, number);
        }
        catch (LatentDbException error)
        {
            AssertNamesDamage(error);
            return null;
        }
    }

    private static async Task<string> ReadAsync(OpenStore store, MemoryTimeline timeline, int number)
    {
        VersionedManifest read = await timeline.ReadAsync(new VersionSelector.NumberSelector(new VersionNumber(number)), CancellationToken.None);
        return $"{read.Version}\n{(await ModelContent.ReadAsync(store.Catalog.Blocks, read.Manifest)).ToText()}";
    }

    /// <summary>A key that cannot be one is the operator's to mend; every other file is the store's own.</summary>
    private static void AssertNamesDamage(LatentDbException error)
    {
        bool isNamed = error.Code == ErrorCode.DataDamaged || error.Code == ErrorCode.UnsupportedFormat || error.Code == ErrorCode.KeyUnavailable
            || (error.Code == ErrorCode.ConfigurationInvalid && error.Message.Contains("master key", StringComparison.Ordinal));
        Assert.True(isNamed, $"{error.Code}: {error}");
    }

    private async Task WriteFirstAsync(OpenStore store)
    {
        MemoryTimeline bob = await _model.CreateAsync(store.Catalog, OpenStore.Key("bob"), "{\"n\":1}");
        for (int seed = 1; seed <= 3; seed++) await _model.InjectAsync(bob, seed, $"op-{seed}");
        await bob.CreateSnapshotAsync(SnapshotName.Parse("trip"), VersionSelector.Head, CancellationToken.None);
        await _model.InjectAsync(await _model.CreateAsync(store.Catalog, OpenStore.Key("gone")), 4);
        await store.Catalog.EraseAsync(OpenStore.Key("gone"), CancellationToken.None);
    }

    private async Task WriteSecondAsync(OpenStore store)
    {
        MemoryTimeline ann = await _model.CreateAsync(store.Catalog, OpenStore.Key("ann"));
        await _model.InjectAsync(ann, 7);
        MemoryTimeline bob = await store.Catalog.OpenAsync(OpenStore.Key("bob"), CancellationToken.None);
        await bob.RollBackAsync(VersionSelector.Parse("2"), bob.Summary.Head.Number, WriteOrigin.None, CancellationToken.None);
        await _model.InjectAsync(bob, 8);
        MemoryTimeline cat = await store.Catalog.ForkAsync(OpenStore.Key("bob"), VersionSelector.Parse("3"), OpenStore.Key("cat"), null, WriteOrigin.None, CancellationToken.None);
        foreach ((string name, MemoryTimeline timeline) in (IEnumerable<(string, MemoryTimeline)>)[("ann", ann), ("bob", bob), ("cat", cat)])
        {
            var versions = new string[timeline.Summary.Head.Number.Value];
            for (int i = 0; i < versions.Length; i++) versions[i] = await ReadAsync(store, timeline, i + 1);
            _expected.Add(name, versions);
        }
    }
}
