using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tensors;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Checkpoints;
using LatentDb.ModelHost.Compute;
using LatentDb.ModelHost.Compute.Cpu;
using LatentDb.ModelHost.Model;
using LatentDb.ModelHost.Model.Passes;
using LatentDb.ModelHost.Model.Pool;
using LatentDb.ModelHost.Model.Sessions;
using LatentDb.ModelHost.Paging;
using LatentDb.Replay;
using LatentDb.Testing;

namespace LatentDb.ModelHost.Tests.Model;

/// <summary>A tiny model, loaded from a written folder, with the ordinary pager over blocks in memory.</summary>
internal sealed class TinyHost : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly CheckpointFolder _checkpoint;
    private readonly ConcurrentBag<PinHandle> _pins = [];

    public TinyHost(TinyModelOptions options, CompatibilityMode? compatibility = null, int threads = 1)
        : this(new TinyModel(options), compatibility, threads: threads)
    {
    }

    public TinyHost(TinyModel weights, CompatibilityMode? compatibility = null, ElementType storage = ElementType.F32, int threads = 1)
    {
        Weights = weights;
        weights.WriteTo(_folder.Path);
        Backend = new CountingBackend(new CpuBackend(new CpuBackendOptions { Threads = threads }));
        _checkpoint = CheckpointFolder.Open(_folder.Path);
        Model = MemoryModel.Load(_checkpoint, Backend, new WeightLoadOptions(), storage, compatibility ?? CompatibilityMode.None, default);
        ModelDimensions size = Model.Dimensions;
        Pager = new MemoryPager(Backend, new SliceGeometry(size.KvWidth, size.KeySize, size.D, Model.Encoder.Storage), new PagerOptions(1L << 28, 4));
        State = new StateReader(Model, Blocks);
    }

    public TinyModel Weights { get; }

    public CountingBackend Backend { get; }

    public MemoryModel Model { get; }

    public MemoryPager Pager { get; }

    public Replay.InMemoryBlocks Blocks { get; } = new();

    public StateReader State { get; }

    public ModelDimensions Size => Model.Dimensions;

    /// <summary>Seeded ids of the vocabulary.</summary>
    public int[] Ids(int count, int seed = 7)
    {
        var random = new SeededRandom((ulong)seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextInt32(Size.Vocabulary))];
    }

    public Task<Manifest> GenesisAsync() => Model.Genesis.WriteAsync(Blocks, default);

    /// <summary>The write pass alone: new rows by layer.</summary>
    public async Task<float[][]> DeltaAsync(Manifest manifest, int[] ids)
    {
        using PinHandle? newest = manifest.Layers[0].PoolRows == 0 ? null : await Pager.PinForWriteAsync(manifest, Size.K, Blocks, default);
        using NewRows rows = Write(ids, newest);
        return [.. Enumerable.Range(0, Size.L).Select(layer => ToHost(rows.Layer(layer)))];
    }

    /// <summary>A whole write: pass, blocks, pool update.</summary>
    public async Task<Written> WriteAsync(Manifest manifest, int[] ids, ulong seed, int chunk = 0)
    {
        using PinHandle? newest = manifest.Layers[0].PoolRows == 0 ? null : await Pager.PinForWriteAsync(manifest, Size.K, Blocks, default);
        using NewRows rows = Write(ids, newest);
        BlockId block = Blocks.NextBlock();
        for (int layer = 0; layer < Size.L; layer++)
        {
            (BlockSlice hidden, BlockSlice read) = Model.Encode(block, layer, rows);
            await Blocks.StageAsync(hidden, default);
            await Blocks.StageAsync(read, default);
        }

        ManifestDelta delta = Model.Next(manifest, block, rows.Rows, new SeededDropSource(seed, chunk, Model.Rules.DropsPerLayer));
        return new Written(delta.Apply(manifest), delta, [.. Enumerable.Range(0, Size.L).Select(layer => ToHost(rows.Layer(layer)))]);
    }

    /// <summary>Writes of seeded texts, one after the other.</summary>
    public async Task<Manifest> WriteManyAsync(Manifest manifest, int writes, int firstSeed = 100)
    {
        for (int i = 0; i < writes; i++) manifest = (await WriteAsync(manifest, Ids(16, firstSeed + i), (ulong)(firstSeed + i))).After;
        return manifest;
    }

    /// <summary>The write pass, piece after piece on this thread.</summary>
    public NewRows Write(int[] ids, IMemoryRows? newest)
    {
        using WritePass pass = Model.BeginWrite(ids, newest, default);
        while (pass.Run().State != PassState.Finished)
        {
        }

        return pass.TakeRows();
    }

    /// <summary>A query after its prefill; its rows stay pinned until <see cref="Unpin"/>.</summary>
    public async Task<ReadSession> PrefillAsync(Manifest manifest, int[] ids, int newTokens = 8, PassProbe? probe = null, PromptPrefix? known = null)
    {
        PinHandle rows = await Pager.PinForReadAsync(manifest, Blocks, default);
        _pins.Add(rows);
        ReadSession session = Model.NewSession(ids.Length, newTokens);
        await Model.PrefillAsync(session, rows, new Prompt(ids, known), probe, default);
        return session;
    }

    /// <summary>Appends tokens to an answer, one step each.</summary>
    public void Extend(ReadSession session, params ReadOnlySpan<int> ids)
    {
        foreach (int id in ids) Model.Step([session], [id]);
    }

    /// <summary>What a prefill shows of itself.</summary>
    public async Task<ReadProbe> ProbeAsync(Manifest manifest, int[] ids)
    {
        var probe = new ReadProbe(Backend, Model);
        using ReadSession session = await PrefillAsync(manifest, ids, 0, probe);
        return probe;
    }

    /// <summary>Logits of the last row.</summary>
    public async Task<float[]> LogitsAsync(Manifest manifest, int[] ids)
    {
        using ReadSession session = await PrefillAsync(manifest, ids);
        return session.Logits.ToArray();
    }

    /// <summary>Lets go of what sessions read; they must be disposed.</summary>
    public void Unpin()
    {
        while (_pins.TryTake(out PinHandle? rows)) rows.Dispose();
    }

    public float[] ToHost(MatrixView rows)
    {
        float[] values = new float[rows.Rows * rows.Columns];
        Backend.Download(rows, ElementType.F32, MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    public void Dispose()
    {
        Unpin();
        Pager.Dispose();
        Model.Dispose();
        _checkpoint.Dispose();
        Backend.Dispose();
        _folder.Dispose();
    }
}

/// <summary>A write and what came of it.</summary>
internal sealed record Written(Manifest After, ManifestDelta Delta, float[][] Rows);
