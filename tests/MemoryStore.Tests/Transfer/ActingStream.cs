namespace LatentDb.MemoryStore.Tests.Transfer;

/// <summary>Does something before it takes the byte at a place.</summary>
internal sealed class ActingStream(int at, Func<Task> act) : MemoryStream
{
    private bool _hasActed;

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!_hasActed && Position + buffer.Length > at)
        {
            _hasActed = true;
            await act();
        }

        await base.WriteAsync(buffer, cancellationToken);
    }
}

/// <summary>Waits for the test before it gives its last bytes.</summary>
internal sealed class StallingStream(byte[] bytes, int at) : MemoryStream(bytes)
{
    private readonly TaskCompletionSource _stalled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Stalled => _stalled.Task;

    public void Release() => _released.TrySetResult();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (Position < at) return await base.ReadAsync(buffer[..(int)Math.Min(buffer.Length, at - Position)], cancellationToken);
        _stalled.TrySetResult();
        await _released.Task;
        return await base.ReadAsync(buffer, cancellationToken);
    }
}
