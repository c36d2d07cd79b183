using System.Buffers;
using System.Collections.Immutable;
using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Telemetry;
using LatentDb.MemoryStore.Time;

namespace LatentDb.MemoryStore.Shards.Frames;

/// <summary>
/// One log of the current epoch: gives records their sequence, chain and time, cuts them into frames, and commits those of all callers together.
/// </summary>
/// <remarks>
/// Records are published in the order of the log, by the one committer loop, and only once they are durable. While a commit runs, the records of
/// other callers gather for the next one, so that the number of syncs does not grow with the number of callers; there is no timer.
/// Any failure is final: everything waiting and everything later fails, and only a new epoch writes again.
/// </remarks>
internal sealed class FrameLog : IAsyncDisposable
{
    private readonly ILogStore _store;
    private readonly Epoch _epoch;
    private readonly HybridClock _clock;
    private readonly Func<ValueTask> _fence;
    private readonly TimeProvider _time;
    private readonly StoreMetrics.LogInstruments _metrics;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly SemaphoreSlim _work = new(0, 1);
    private readonly PendingBudget _budget = new(StoreLimits.MaxPendingBytes);
    private readonly BusyWatch _busy;
    private readonly Task _committer;
    private List<PendingRecord> _pending = [];
    private PendingRecord? _inFlight;
    private ulong _chain;
    private CheckpointMark _checkpoint;
    private long _enqueuedSequence;
    private long _committedSequence;
    private long _committedAddress;
    private long _checkpointAddress;
    private long _checkpointBytes;
    private bool _isCheckpointWanted;
    private bool _isClosing;
    private int _isWoken;
    private volatile LatentDbException? _failure;

    /// <param name="store">A new, empty log; owned by this object.</param>
    /// <param name="epoch">Its owner.</param>
    /// <param name="clock">Gives the stamps; shared by the two logs of a shard.</param>
    /// <param name="fence">Throws when another owner has taken the shard, and waits for its copies; asked after each commit and before anything is acknowledged.</param>
    /// <param name="time">Measures how long a commit may take.</param>
    /// <param name="metrics">What is counted.</param>
    public FrameLog(ILogStore store, Epoch epoch, HybridClock clock, Func<ValueTask> fence, TimeProvider time, StoreMetrics.LogInstruments metrics)
    {
        _store = store;
        _epoch = epoch;
        _clock = clock;
        _fence = fence;
        _time = time;
        _metrics = metrics;
        _busy = new BusyWatch(time);
        PartBytes = Frame.MaxPayload(store.MaxEntryBytes);
        _committer = StoreMetrics.RunAlone(CommitLoopAsync);
    }

    public Epoch Epoch => _epoch;

    public SegmentReader Reader => _store.Reader;

    /// <summary>Payload bytes of every frame of a record but the last.</summary>
    public int PartBytes { get; }

    /// <summary>Sequence of the newest durable frame.</summary>
    public long CommittedSequence => Volatile.Read(ref _committedSequence);

    public long TailAddress => _store.TailAddress;

    /// <summary>Everything below it is durable.</summary>
    public long CommittedAddress => Volatile.Read(ref _committedAddress);

    /// <summary>Where the newest durable checkpoint begins; 0 before the first.</summary>
    public long CheckpointAddress => Volatile.Read(ref _checkpointAddress);

    /// <summary>When and with what this log checkpoints itself; set once, before the first append.</summary>
    public CheckpointSchedule? Checkpoints { get; set; }

    /// <summary>Why nothing is written any more; null while all is well.</summary>
    public LatentDbException? Failure => _failure;

    /// <summary>For how long the committer has been at one commit; every wait in it has a limit, so not for long while all is well.</summary>
    public TimeSpan BusyFor => _busy.BusyFor;

    /// <summary>Puts a record into the log. When this returns it has its place, but is not durable.</summary>
    /// <param name="draft">What to write; its payload may be reused afterwards.</param>
    /// <param name="publish">Called once by the committer when the record is durable, in the order of the log.</param>
    public async ValueTask<PendingRecord> EnqueueAsync(RecordDraft draft, Action<FrameHeader, RecordLocation>? publish)
    {
        if (draft.Payload.Length > StoreLimits.MaxRecordBytes)
        {
            throw new LatentDbException(ErrorCode.Internal, $"A {draft.Kind} record has {draft.Payload.Length} bytes; at most {StoreLimits.MaxRecordBytes} are stored.");
        }

        await _budget.TakeAsync(draft.Payload.Length).ConfigureAwait(false);
        bool isPending = false;
        await _gate.WaitAsync().ConfigureAwait(false);
        try
        {
            ThrowIfFailed();
            PendingRecord record = await WriteOrFailAsync(draft, publish).ConfigureAwait(false);
            _pending.Add(record);
            isPending = true;
            return record;
        }
        finally
        {
            if (!isPending) _budget.Return(draft.Payload.Length);
            _gate.Release();
            Wake();
        }
    }

    /// <summary>Puts a record into the log and waits until it is durable and published.</summary>
    public async Task<RecordLocation> AppendAsync(RecordDraft draft, Action<FrameHeader, RecordLocation>? publish)
    {
        PendingRecord record = await EnqueueAsync(draft, publish).ConfigureAwait(false);
        await record.Durable.ConfigureAwait(false);
        return record.Location;
    }

    /// <summary>Returns when everything enqueued before the call is durable and published.</summary>
    public async Task FlushAsync()
    {
        PendingRecord? last;
        await _gate.WaitAsync().ConfigureAwait(false);
        try
        {
            ThrowIfFailed();
            last = _pending.Count > 0 ? _pending[^1] : _inFlight;
        }
        finally
        {
            _gate.Release();
        }

        if (last is not null) await last.Durable.ConfigureAwait(false);
    }

    /// <summary>Writes a checkpoint now, whatever the schedule says; it is durable when the task ends.</summary>
    public async Task CheckpointAsync()
    {
        long before = await NewestCheckpointAsync().ConfigureAwait(false);
        while (true)
        {
            PendingRecord? last;
            bool isWritten;
            await _gate.WaitAsync().ConfigureAwait(false);
            try
            {
                ThrowIfFailed();
                if (_checkpoint.Sequence == before && (_pending.Count > 0 || _inFlight is { Durable.IsCompleted: false })) _isCheckpointWanted = true;
                else if (_checkpoint.Sequence == before) await CheckpointOrFailAsync().ConfigureAwait(false);
                isWritten = _checkpoint.Sequence > before;
                last = _pending.Count > 0 ? _pending[^1] : _inFlight;
            }
            finally
            {
                _gate.Release();
            }

            Wake();
            if (last is not null) await last.Durable.ConfigureAwait(false);
            if (isWritten) return;
        }
    }

    /// <summary>Commits what is enqueued and takes nothing more; reading goes on.</summary>
    public async ValueTask StopAsync()
    {
        Volatile.Write(ref _isClosing, true);
        Wake();
        await _committer.ConfigureAwait(false);
    }

    /// <summary>Commits what is enqueued, then closes the files.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        await _store.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>A record that stopped half-way must be the last thing in the log: what followed it could not be read.</summary>
    private async ValueTask<PendingRecord> WriteOrFailAsync(RecordDraft draft, Action<FrameHeader, RecordLocation>? publish)
    {
        try
        {
            return await WriteFramesAsync(draft, publish).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            LatentDbException failure = DurableFile.ToStoreError(e, "An append");
            _failure ??= failure;
            throw failure;
        }
    }

    private async ValueTask<PendingRecord> WriteFramesAsync(RecordDraft draft, Action<FrameHeader, RecordLocation>? publish)
    {
        int parts = Math.Max(1, (draft.Payload.Length + PartBytes - 1) / PartBytes);
        var addresses = ImmutableArray.CreateBuilder<long>(parts);
        HybridTimestamp time = _clock.Next();
        ulong chainBefore = _chain;
        long first = _enqueuedSequence + 1;
        FrameHeader header = default;
        for (int part = 0; part < parts; part++)
        {
            ReadOnlyMemory<byte> payload = draft.Payload.Slice(part * PartBytes, Math.Min(PartBytes, draft.Payload.Length - (part * PartBytes)));
            var frame = new FrameHeader(draft.Kind, draft.Flags, draft.Memory, _epoch, first + part, time, _chain, part, parts, PayloadBytes: 0);
            addresses.Add(await WriteFrameAsync(frame, payload, draft.Key).ConfigureAwait(false));
            if (part == 0) header = frame;
        }

        var location = new RecordLocation(_epoch, first, draft.Payload.Length, addresses.MoveToImmutable());
        if (draft.Kind == FrameKind.Checkpoint) _checkpoint = new CheckpointMark(location.Addresses[0], first, chainBefore);
        return new PendingRecord(header, location, publish);
    }

    private async ValueTask<long> WriteFrameAsync(FrameHeader header, ReadOnlyMemory<byte> payload, FrameKey? key)
    {
        int length = Frame.Length(Frame.StoredBytes(payload.Length, key is not null));
        byte[] buffer = ArrayPool<byte>.Shared.Rent(length);
        ulong seal = Frame.Seal(buffer.AsSpan(0, length), header, payload.Span, key);
        ValueTask<long> append = _store.AppendAsync(buffer.AsMemory(0, length));
        long address = append.IsCompleted ? await append.ConfigureAwait(false) : await DiskPatience.WaitAsync(append.AsTask(), _time).ConfigureAwait(false);
        _chain = seal;
        _enqueuedSequence = header.Sequence;
        _metrics.Appended(length);

        // Not returned after a failure: an append that hangs may still read it.
        ArrayPool<byte>.Shared.Return(buffer);
        return address;
    }

    private async Task CommitLoopAsync()
    {
        while (true)
        {
            await _work.WaitAsync().ConfigureAwait(false);
            Volatile.Write(ref _isWoken, 0);

            // Read before the pass: whoever enqueued before the closing is then seen by it, and whoever comes later is refused.
            bool isClosing = Volatile.Read(ref _isClosing);
            _busy.Begin();
            await CommitPendingAsync().ConfigureAwait(false);
            _busy.End();
            if (isClosing) return;
        }
    }

    private async Task CommitPendingAsync()
    {
        List<PendingRecord> batch = [];
        await _gate.WaitAsync().ConfigureAwait(false);
        bool isHeld = true;
        try
        {
            if (_pending.Count == 0) return;
            (batch, _pending) = (_pending, batch);
            _inFlight = batch[^1];
            if (_failure is not null) throw _failure;
            await _store.PadAsync().ConfigureAwait(false);

            (long until, long checkpoint) = (_store.TailAddress, _checkpoint.Address);

            // Started while the gate is held: what the commit reaches and what the cookie says must be the same.
            Task commit = _store.CommitAsync(LogCookie.Write(_enqueuedSequence, _chain, _checkpoint));
            bool isCheckpointDue = IsCheckpointDue();
            if (!isCheckpointDue)
            {
                _gate.Release();
                isHeld = false;
            }

            using (_metrics.TimeCommit(batch.Count, batch.Select(r => r.Caller))) await DiskPatience.WaitAsync(commit, _time).ConfigureAwait(false);
            await _fence().ConfigureAwait(false);
            Publish(batch);
            Volatile.Write(ref _committedAddress, until);
            Volatile.Write(ref _checkpointAddress, checkpoint);

            // Nothing was enqueued meanwhile, so the index is exactly what the log says up to here.
            if (isCheckpointDue) await AddCheckpointAsync().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The committer is a background loop; every failure ends in the same state, and every waiter is told.
        catch (Exception e)
#pragma warning restore CA1031
        {
            if (!isHeld) await _gate.WaitAsync().ConfigureAwait(false);
            isHeld = true;
            Fail(batch, e);
        }
        finally
        {
            if (isHeld) _gate.Release();
        }
    }

    private bool IsCheckpointDue()
    {
        if (Checkpoints is not CheckpointSchedule due) return false;
        if (_isCheckpointWanted) return true;
        long bytes = _store.TailAddress - Math.Max(_checkpoint.Address, LogGeometry.FirstAddress);

        // Not before as much was written as the last one took: so checkpoints at most double what is written.
        return bytes > _checkpointBytes && (_enqueuedSequence - _checkpoint.Sequence > due.Frames || bytes > due.Bytes);
    }

    private async ValueTask<long> NewestCheckpointAsync()
    {
        await _gate.WaitAsync().ConfigureAwait(false);
        long sequence = _checkpoint.Sequence;
        _gate.Release();
        return sequence;
    }

    private async ValueTask CheckpointOrFailAsync()
    {
        try
        {
            await AddCheckpointAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            _failure ??= DurableFile.ToStoreError(e, "A checkpoint");
            throw;
        }
    }

    private async ValueTask AddCheckpointAsync()
    {
        long before = _store.TailAddress;
        _isCheckpointWanted = false;
        await Checkpoints!.Writer.WriteAsync(AddAsync).ConfigureAwait(false);
        _checkpointBytes = _store.TailAddress - before;
        Wake();
    }

    private async ValueTask<RecordLocation> AddAsync(RecordDraft draft, Action<FrameHeader, RecordLocation>? publish)
    {
        _budget.Charge(draft.Payload.Length);
        PendingRecord record = await WriteFramesAsync(draft, publish).ConfigureAwait(false);
        _pending.Add(record);
        return record.Location;
    }

    private void Publish(List<PendingRecord> batch)
    {
        PendingRecord last = batch[^1];
        foreach (PendingRecord record in batch) record.Publish();
        Volatile.Write(ref _committedSequence, last.Location.Sequence + last.Location.Addresses.Length - 1);
        foreach (PendingRecord record in batch) Finish(record, null);
    }

    private void Fail(List<PendingRecord> batch, Exception cause)
    {
        _failure ??= DurableFile.ToStoreError(cause, "A commit");
        List<PendingRecord> later = _pending;
        _pending = [];
        foreach (PendingRecord record in batch.Concat(later).Where(r => !r.Durable.IsCompleted)) Finish(record, _failure);
    }

    private void Finish(PendingRecord record, LatentDbException? failure)
    {
        _budget.Return(record.Location.Bytes);
        record.Finish(failure);
    }

    private void ThrowIfFailed()
    {
        if (_failure is not null) throw new LatentDbException(_failure.Code, _failure.Message, _failure) { RetryAfter = StoreLimits.MinReopenPause };
        if (Volatile.Read(ref _isClosing)) throw new LatentDbException(ErrorCode.ShuttingDown, "The store is closing.");
    }

    private void Wake()
    {
        // One wake is enough: a pass of the committer takes everything that is pending.
        if (Interlocked.Exchange(ref _isWoken, 1) == 0) _work.Release();
    }
}
