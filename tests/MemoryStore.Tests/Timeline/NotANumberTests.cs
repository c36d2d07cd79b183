using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tests.Support;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using LatentDb.Testing;

namespace LatentDb.MemoryStore.Tests.Timeline;

/// <summary>A float of a delta that is no number would spoil every later version: it is refused before anything of the version is written.</summary>
public sealed class NotANumberTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TestModel _model = new();

    public static TheoryData<float> NoNumbers => [float.NaN, float.PositiveInfinity, float.NegativeInfinity];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(NoNumbers))]
    public Task A_life_that_is_no_number_is_refused(float number) => AssertRefusedAsync(layer => layer with { SealedLife = number });

    [Theory]
    [MemberData(nameof(NoNumbers))]
    public Task A_decay_that_is_no_number_is_refused(float number) => AssertRefusedAsync(layer => layer with { Decays = number });

    [Theory]
    [MemberData(nameof(NoNumbers))]
    public async Task A_genesis_with_a_decay_that_is_no_number_is_refused(float number)
    {
        await using OpenStore store = await OpenStore.AtAsync(_folder.Path);

        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => store.Catalog.EnsureGenesisAsync(
            OpenStore.Key("bob"), _model.Fingerprint, async (sink, token) => Spoil(await _model.WriteGenesisAsync(sink, token), number), CancellationToken.None));

        Assert.Equal(ErrorCode.DataDamaged, error.Code);
        Assert.Null(store.Shard.Index.FindGenesis(_model.Fingerprint));
    }

    private static Manifest Spoil(Manifest manifest, float number) => manifest with { Layers = [manifest.Layers[0] with { Decays = number }, .. manifest.Layers[1..]] };

    private async Task AssertRefusedAsync(Func<LayerDelta, LayerDelta> spoil)
    {
        await using OpenStore store = await OpenStore.AtAsync(_folder.Path);
        MemoryTimeline timeline = await _model.CreateAsync(store.Catalog, OpenStore.Key("bob"));
        await _model.InjectAsync(timeline, 1);
        List<string> before = await StoreContent.ReadEverythingAsync(store.Catalog, timeline);
        long tail = store.Shard.ManifestLog.TailAddress;
        await using AppendTransaction transaction = timeline.BeginAppend();
        ManifestDelta delta = await _model.StageAsync(transaction, 2);
        delta = delta with { Layers = [delta.Layers[0], spoil(delta.Layers[1])] };
        var draft = new VersionDraft([delta], _model.Fingerprint, 2, 16, null);

        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => timeline.AppendAsync(transaction, draft, new VersionNumber(2), CancellationToken.None));

        Assert.Equal(ErrorCode.DataDamaged, error.Code);
        Assert.Equal(tail, store.Shard.ManifestLog.TailAddress);
        Assert.Equal(before, await StoreContent.ReadEverythingAsync(store.Catalog, timeline));
    }
}
