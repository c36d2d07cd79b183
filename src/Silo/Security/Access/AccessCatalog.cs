using LatentDb.MemoryStore.Errors;
using LatentDb.Silo.Security.Keys;

namespace LatentDb.Silo.Security.Access;

/// <summary>
/// Tenants and keys in memory: read without a lock by every request, changed one after the other, on disk before anybody is told. In a cluster every change
/// begins with what the file holds then, so that no silo undoes what another one did; what others changed is seen by the next look.
/// </summary>
internal sealed class AccessCatalog(AccessFile file, AdminKey adminKey, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private volatile AccessState? _state;
    private (DateTime WrittenAt, long Bytes) _stamp;
    private int _hasNewUse;

    /// <exception cref="LatentDbException">shutting_down: it is not open.</exception>
    public AccessState State => _state ?? throw new LatentDbException(ErrorCode.ShuttingDown, "The keys are not read yet.");

    /// <summary>True once there is a key: from then on every route but the open ones takes one.</summary>
    public bool IsKeyed => adminKey.IsSet || !State.Keys.IsEmpty;

    public AdminKey AdminKey => adminKey;

    /// <summary>Reads what is stored; before the first request.</summary>
    /// <exception cref="LatentDbException">data_damaged, unsupported_format, store_unavailable.</exception>
    public void Open() => Adopt();

    /// <summary>True when other processes may change what this one has read.</summary>
    public bool IsShared => file.IsShared;

    /// <summary>Reads the file again, if it was changed by another process.</summary>
    /// <exception cref="LatentDbException">data_damaged, unsupported_format, store_unavailable: what was known stays.</exception>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        if (!file.IsShared || file.Stamp() == _stamp) return;
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            Adopt();
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Replaces the state by what <paramref name="change"/> makes of it; durable when the task ends.</summary>
    /// <param name="change">Pure; what it throws leaves everything as it is.</param>
    /// <param name="cancellationToken">Without effect once the change is being written.</param>
    /// <exception cref="LatentDbException">store_full, store_unavailable, and what the change throws.</exception>
    public async Task<AccessState> ChangeAsync(Func<AccessState, AccessState> change, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            using IDisposable? turn = await file.EnterAsync(time, cancellationToken).ConfigureAwait(false);
            AccessState old = turn is null ? State : Adopt();
            AccessState next = change(old);
            if (ReferenceEquals(old, next)) return old;
            file.Write(next);
            _stamp = file.Stamp();
            _state = next;
            return next;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Notes that a key has opened something.</summary>
    public void Touch(ApiKey key, DateTimeOffset now)
    {
        if (key.Use.Touch(now)) Interlocked.Exchange(ref _hasNewUse, 1);
    }

    /// <summary>Writes the times of last use, when there are new ones.</summary>
    /// <exception cref="LatentDbException">store_full, store_unavailable.</exception>
    public async Task FlushUseAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _hasNewUse, 0) == 0) return;
        await ChangeAsync(state => state with { Keys = state.Keys }, cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => _gate.Dispose();

    /// <summary>What the file holds becomes the state; of the times of last use the later ones stay. The stamp is of before the reading: a change beside it is seen again.</summary>
    private AccessState Adopt()
    {
        (DateTime WrittenAt, long Bytes) stamp = file.Stamp();
        AccessState read = file.Read();
        if (_state is AccessState known)
        {
            foreach (ApiKey key in read.Keys.Values)
            {
                if (known.Keys.TryGetValue(key.Id, out ApiKey? own)) key.Use.Observe(own.Use.Last);
            }
        }

        _stamp = stamp;
        _state = read;
        return read;
    }
}
