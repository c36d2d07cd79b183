using LatentDb.MemoryStore.Errors;
using LatentDb.Silo.Security.Keys;

namespace LatentDb.Silo.Security.Access;

/// <summary>
/// Tenants and keys in memory: read without a lock by every request, changed one after the other, durable before anybody is told. In a cluster every change
/// begins with what is stored then, so that no silo undoes what another one did; what others changed is seen by the next look.
/// </summary>
internal sealed class AccessCatalog(IAccessStore store, AdminKey adminKey) : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private volatile AccessContent? _content;
    private int _hasNewUse;

    /// <exception cref="LatentDbException">shutting_down: it is not open.</exception>
    public AccessState State => Content.State;

    /// <summary>True once there is a key: from then on every route but the open ones takes one.</summary>
    public bool IsKeyed => adminKey.IsSet || !State.Keys.IsEmpty;

    public AdminKey AdminKey => adminKey;

    /// <summary>True when other processes may change what this one has read.</summary>
    public bool IsShared => store.IsShared;

    private AccessContent Content => _content ?? throw new LatentDbException(ErrorCode.ShuttingDown, "The keys are not read yet.");

    /// <summary>Reads what is stored; before the first request.</summary>
    /// <exception cref="LatentDbException">data_damaged, unsupported_format, store_unavailable.</exception>
    public async Task OpenAsync(CancellationToken cancellationToken) => _content = await store.ReadAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Reads again what another process has changed.</summary>
    /// <exception cref="LatentDbException">data_damaged, unsupported_format, store_unavailable: what was known stays.</exception>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        if (!store.IsShared) return;
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (await store.ReadNewerAsync(Content, cancellationToken).ConfigureAwait(false) is not { } newer) return;
            Observe(newer.State);
            _content = newer;
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
            _content = await store.ChangeAsync(Content, stored => change(Observe(stored)), cancellationToken).ConfigureAwait(false);
            return _content.State;
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

    /// <summary>Of the times of last use that are stored and those that are known here the later ones stay.</summary>
    private AccessState Observe(AccessState stored)
    {
        AccessState known = State;
        if (ReferenceEquals(known, stored)) return stored;
        foreach (ApiKey key in stored.Keys.Values)
        {
            if (known.Keys.TryGetValue(key.Id, out ApiKey? own)) key.Use.Observe(own.Use.Last);
        }

        return stored;
    }
}
