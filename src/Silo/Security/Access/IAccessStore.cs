using LatentDb.MemoryStore.Errors;

namespace LatentDb.Silo.Security.Access;

/// <summary>Where tenants and keys are kept: whole or refused, and a change of one process never undoes what another one did.</summary>
internal interface IAccessStore
{
    /// <summary>True when other processes may change it: then what was read once is not what it holds.</summary>
    bool IsShared { get; }

    /// <summary>What is stored; nothing when nothing ever was.</summary>
    /// <exception cref="LatentDbException">data_damaged, unsupported_format, store_unavailable.</exception>
    Task<AccessContent> ReadAsync(CancellationToken cancellationToken);

    /// <summary>What is stored when it is not <paramref name="known"/> any more, else null; cheap when nothing has changed.</summary>
    /// <exception cref="LatentDbException">data_damaged, unsupported_format, store_unavailable.</exception>
    Task<AccessContent?> ReadNewerAsync(AccessContent known, CancellationToken cancellationToken);

    /// <summary>Replaces what is stored by what <paramref name="change"/> makes of it; durable when the task ends.</summary>
    /// <param name="known">What this process has read or written last.</param>
    /// <param name="change">Pure, and asked again when somebody else was faster. The same state = nothing is written; what it throws leaves everything as it is.</param>
    /// <param name="cancellationToken">Without effect once the change is being written.</param>
    /// <exception cref="LatentDbException">
    /// store_full, store_unavailable: nothing is promised of the new content, and it may be there at a later look; what the change throws; what reading throws.
    /// </exception>
    Task<AccessContent> ChangeAsync(AccessContent known, Func<AccessState, AccessState> change, CancellationToken cancellationToken);
}

/// <summary>Tenants and keys as they were stored at one moment.</summary>
/// <param name="State">They.</param>
/// <param name="Revision">Another one after every change; only its store knows what it means.</param>
internal sealed record AccessContent(AccessState State, string Revision);
