using System.Threading.Channels;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Encryption.Slots;
using LatentDb.MemoryStore.Errors;

namespace LatentDb.MemoryStore.Encryption;

/// <summary>
/// The only one who writes slots: takes all changes that wait, writes them together, and tells their callers when both copies are synced. A failed
/// write poisons it for good, because nobody knows then what the files hold.
/// </summary>
internal sealed class KeyWriter : IAsyncDisposable
{
    private readonly SlotFiles _files;
    private readonly Channel<KeyChange> _waiting =
        Channel.CreateBounded<KeyChange>(new BoundedChannelOptions(EncryptionLimits.MaxWaitingChanges) { SingleReader = true });

    private readonly Task _loop;
    private LatentDbException? _failure;

    public KeyWriter(SlotFiles files)
    {
        _files = files;
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Why no more changes are taken; null while they are.</summary>
    public LatentDbException? Failure => Volatile.Read(ref _failure);

    /// <summary>Returns when what <paramref name="prepare"/> puts into the batch is durable. Once it waits, cancellation has no effect.</summary>
    /// <param name="prepare">Runs on the writer, one at a time. When it throws, it must have put nothing into the batch; only its caller hears of it.</param>
    /// <param name="cancellationToken">Ends the wait for a place in the queue.</param>
    public async Task ApplyAsync(Action<SlotBatch> prepare, CancellationToken cancellationToken)
    {
        var change = new KeyChange(prepare);
        try
        {
            await _waiting.Writer.WriteAsync(change, cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            throw Failure ?? Closed();
        }

        await change.Done.Task.ConfigureAwait(false);
    }

    /// <summary>Takes no more changes, for this reason; those that wait fail with it.</summary>
    public LatentDbException Poison(Exception cause)
    {
        LatentDbException failure = DurableFile.ToStoreError(cause, "Writing a key");
        LatentDbException first = Interlocked.CompareExchange(ref _failure, failure, null) ?? failure;
        _waiting.Writer.TryComplete();
        return first;
    }

    /// <summary>Writes what waits, then takes no more.</summary>
    public async Task StopAsync()
    {
        _waiting.Writer.TryComplete();
        await _loop.ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync() => await StopAsync().ConfigureAwait(false);

    private static LatentDbException Closed() => new(ErrorCode.StoreUnavailable, "The keyring takes no more changes: its shard is closed, or a newer epoch has its keys.");

    private async Task RunAsync()
    {
        var batch = new SlotBatch();
        var together = new List<KeyChange>();
        while (await _waiting.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            batch.Clear();
            together.Clear();
            while (together.Count < EncryptionLimits.MaxChangesTogether && _waiting.Reader.TryRead(out KeyChange? change))
            {
                if (Failure is LatentDbException failure) change.Done.SetException(failure);
                else if (Prepare(change, batch)) together.Add(change);
            }

            Write(batch, together);
        }
    }

    private static bool Prepare(KeyChange change, SlotBatch batch)
    {
        try
        {
            change.Prepare(batch);
            return true;
        }
#pragma warning disable CA1031 // The caller of the change receives whatever it threw; the writer goes on for the others.
        catch (Exception e)
#pragma warning restore CA1031
        {
            change.Done.SetException(e);
            return false;
        }
    }

    private void Write(SlotBatch batch, List<KeyChange> together)
    {
        try
        {
            _files.Write(batch);
            foreach (KeyChange change in together) change.Done.SetResult();
        }
#pragma warning disable CA1031 // Whatever went wrong, nothing may be acknowledged after it; the callers receive the cause.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LatentDbException failure = Poison(e);
            foreach (KeyChange change in together) change.Done.TrySetException(failure);
        }
    }

    private sealed class KeyChange(Action<SlotBatch> prepare)
    {
        public Action<SlotBatch> Prepare { get; } = prepare;

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
