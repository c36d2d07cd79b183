using LatentDb.MemoryStore.Blocks;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Tensors;
using LatentDb.ModelHost.Remote.Slices;
using LatentDb.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace LatentDb.ModelHost.Tests.Remote;

/// <summary>Slices from another silo: whole, verified, and through broken streams.</summary>
public sealed class RemoteBlockSourceTests : IAsyncLifetime, IDisposable
{
    private const string Owner = "owner:1";
    private const string Reader = "model:1";

    private readonly InMemoryLinks _links = new();
    private readonly InMemoryBlocks _blocks = new();
    private readonly RemoteBlockSource _source;

    public RemoteBlockSourceTests()
    {
        _links.Serve(Owner, Service());
        _source = new RemoteBlockSource(_links.From(Reader), Owner, TimeProvider.System);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public void Dispose() => _source.Dispose();

    public async Task DisposeAsync()
    {
        Dispose();
        await _links.DisposeAsync();
        Assert.Empty(_links.Defects);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(300)]
    [InlineData(20_000)]
    [InlineData(900_000)]
    public async Task A_slice_of_any_size_is_what_the_owner_has(int rows)
    {
        BlockSlice slice = await StoreAsync(rows);

        BlockSlice read = await _source.ReadAsync(slice.Address, default);

        AssertSame(slice, read);
    }

    [Fact]
    public async Task Reads_one_after_the_other_use_one_stream_and_reads_at_once_one_each()
    {
        BlockSlice slice = await StoreAsync(10);
        for (int i = 0; i < 5; i++) await _source.ReadAsync(slice.Address, default);
        Assert.Equal(1, _links.OpenCount);

        var arrived = new SemaphoreSlim(0);
        var gate = new TaskCompletionSource();
        _blocks.BeforeRead = async _ =>
        {
            arrived.Release();
            await gate.Task;
        };
        Task<BlockSlice>[] reads = [.. Enumerable.Range(0, 4).Select(_ => _source.ReadAsync(slice.Address, default).AsTask())];
        for (int i = 0; i < 4; i++) await arrived.WaitAsync();
        Assert.Equal(4, _links.OpenCount);
        gate.SetResult();
        await Task.WhenAll(reads);
    }

    [Fact]
    public async Task A_read_whose_stream_breaks_at_any_message_goes_on_with_what_is_missing()
    {
        BlockSlice slice = await StoreAsync(200_000); // some megabytes: several messages
        await _source.ReadAsync(slice.Address, default);
        int before = _links.WritesOf(Owner);
        await _source.ReadAsync(slice.Address, default);
        int messages = _links.WritesOf(Owner) - before;
        Assert.InRange(messages, 6, 40);

        for (int lost = 1; lost <= messages; lost++)
        {
            _links.KillAfter(Owner, lost);
            Task<BlockSlice> read = _source.ReadAsync(slice.Address, default).AsTask();
            while (!read.IsCompleted && _links.OpenCount > 0) await Task.Delay(1);
            before = _links.WritesOf(Owner);
            _links.Serve(Owner, Service());

            AssertSame(slice, await read);
            Assert.True(_links.WritesOf(Owner) - before <= messages + 2, $"lost {lost}");
        }
    }

    [Fact]
    public async Task An_owner_that_is_gone_is_silo_unreachable_after_a_few_tries()
    {
        BlockSlice slice = await StoreAsync(10);
        _links.Kill(Owner);

        LatentDbException error = await Assert.ThrowsAsync<LatentDbException>(() => _source.ReadAsync(slice.Address, default).AsTask());

        Assert.Equal(ErrorCode.SiloUnreachable, error.Code);
    }

    [Fact]
    public async Task What_the_owner_cannot_read_is_told_as_it_is_and_the_next_read_goes_on()
    {
        BlockSlice slice = await StoreAsync(10);
        _blocks.BeforeRead = _ => throw new LatentDbException(ErrorCode.DataDamaged, "block 42 is damaged");
        LatentDbException damaged = await Assert.ThrowsAsync<LatentDbException>(() => _source.ReadAsync(slice.Address, default).AsTask());
        _blocks.BeforeRead = _ => throw new LatentDbException(ErrorCode.NotOwner, "the shard is elsewhere");
        LatentDbException moved = await Assert.ThrowsAsync<LatentDbException>(() => _source.ReadAsync(slice.Address, default).AsTask());
        _blocks.BeforeRead = _ => ValueTask.CompletedTask;

        AssertSame(slice, await _source.ReadAsync(slice.Address, default));
        Assert.Equal((ErrorCode.DataDamaged, "block 42 is damaged", ErrorCode.NotOwner), (damaged.Code, damaged.Message, moved.Code));
    }

    [Fact]
    public async Task A_read_that_is_given_up_leaves_no_stream_in_the_middle_of_an_answer()
    {
        BlockSlice slice = await StoreAsync(10);
        var gate = new TaskCompletionSource();
        var arrived = new TaskCompletionSource();
        _blocks.BeforeRead = async _ =>
        {
            arrived.TrySetResult();
            await gate.Task;
        };
        using var end = new CancellationTokenSource();
        Task<BlockSlice> read = _source.ReadAsync(slice.Address, end.Token).AsTask();
        await arrived.Task;
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        gate.SetResult();

        AssertSame(slice, await _source.ReadAsync(slice.Address, default));
    }

    [Fact]
    public async Task Streams_that_nobody_uses_are_closed()
    {
        var time = new ManualTimeProvider();
        BlockSlice slice = await StoreAsync(10);
        using var sources = new RemoteBlockSources(_links.From(Reader), time);
        await sources.At(Owner).ReadAsync(slice.Address, default);
        Assert.Equal(1, _links.OpenCount);

        time.Advance(TimeSpan.FromSeconds(61));

        while (_links.OpenCount > 0) await Task.Delay(1);
        AssertSame(slice, await sources.At(Owner).ReadAsync(slice.Address, default));
    }

    private static void AssertSame(BlockSlice expected, BlockSlice actual)
    {
        Assert.Equal((expected.Address, expected.Kind, expected.Tensors.Length), (actual.Address, actual.Kind, actual.Tensors.Length));
        for (int i = 0; i < expected.Tensors.Length; i++) Assert.True(expected.Tensors[i].Bytes.Span.SequenceEqual(actual.Tensors[i].Bytes.Span));
    }

    private async Task<BlockSlice> StoreAsync(int rows)
    {
        byte[] bytes = new byte[rows * 16];
        new Random(rows).NextBytes(bytes);
        var slice = new BlockSlice(new SliceAddress(_blocks.NextBlock(), 2, SlicePart.Read), BlockKind.MemoryRows, [new SliceTensor(SliceColumn.Key, ElementType.F32, rows, 4, bytes)]);
        await _blocks.StageAsync(slice, default);
        return slice;
    }

    private BlockService Service() => new(_blocks, NullLogger<BlockService>.Instance);
}
