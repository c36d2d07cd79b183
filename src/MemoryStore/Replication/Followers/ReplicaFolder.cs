using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Replication.Followers;

/// <summary>
/// A follower's copy of a shard: makes the owner's changes in the owner's order, and obeys nobody with a lower term than it has obeyed before. At every
/// moment but while it is being filled it is what the owner's folder could have been after a crash. Thread-safe.
/// </summary>
internal sealed class ReplicaFolder(ShardId shard, IDisk disk, string root) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly ReplicaFiles _files = new(disk, root);
    private CopyMark? _mark;
    private FollowerStanding _standing = new(default, 0);
    private CancellationTokenSource? _owner;
    private long? _ownedTerm;

    /// <summary>What is known of the copy.</summary>
    public CopyMark Mark
    {
        get
        {
            lock (_lock) return _mark ??= CopyMark.Read(disk, root);
        }
    }

    /// <summary>True when there is no file of the shard.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_lock) return FolderListing.Of(disk, root, isHashed: false).Files.Count == 0;
        }
    }

    /// <summary>An owner comes in: whoever came before is sent away.</summary>
    /// <param name="hello">Who it is.</param>
    /// <param name="gone">Cancelled when another one comes, or this silo becomes the owner itself.</param>
    /// <exception cref="LatentDbException">stale_owner: its term is over.</exception>
    public FollowerStanding Enter(OwnerHello hello, out CancellationToken gone)
    {
        lock (_lock)
        {
            RequireTerm(hello.Term);

            // Its own lease is over, but what it still writes here must come to an end first.
            if (_ownedTerm is not null) throw new LatentDbException(ErrorCode.NotOwner, $"{shard} is still open here.") { RetryAfter = StoreLimits.OwnerRetryAfter };
            _owner?.Cancel();
            if (!disk.FolderExists(root)) disk.CreateDurableFolder(root);
            if (hello.Term > Mark.Term) Remember(Mark with { Term = hello.Term });
            _owner = new CancellationTokenSource();
            gone = _owner.Token;
            return _standing;
        }
    }

    /// <summary>What the folder holds; read in full.</summary>
    public FolderListing List()
    {
        lock (_lock)
        {
            _files.Close();
            return FolderListing.Of(disk, root, isHashed: true);
        }
    }

    /// <summary>Makes some changes. What the owner has synced is synced when this returns.</summary>
    /// <returns>Number of the change that comes next.</returns>
    /// <exception cref="LatentDbException">stale_owner; data_damaged when they are not what comes next.</exception>
    /// <exception cref="IOException">The disk failed: the copy is to be filled anew.</exception>
    public long Apply(ChangeBatch batch, Guid session)
    {
        lock (_lock)
        {
            RequireTerm(batch.Term);
            bool isBeginning = batch.Changes is [{ Kind: ChangeKind.BeginCopy }, ..];
            if (!isBeginning && (_standing.Session != session || _standing.Position != batch.First))
            {
                throw new LatentDbException(ErrorCode.DataDamaged, $"Changes from {batch.First} on came to a copy of {shard} that needs those from {_standing.Position} on.");
            }

            // In the middle of it nobody may go on from a number that is not true any more.
            _standing = new FollowerStanding(default, 0);
            foreach (FolderChange change in batch.Changes) Apply(change);
            _standing = new FollowerStanding(session, batch.First + batch.Changes.Length);
            return _standing.Position;
        }
    }

    /// <summary>This silo becomes the owner: nobody changes the folder through here any more.</summary>
    /// <param name="term">Of its lease.</param>
    /// <param name="need">What must be there.</param>
    /// <exception cref="LatentDbException">stale_owner; not_enough_copies when what is needed is not there.</exception>
    public void TakeOver(long term, CopyNeed need)
    {
        lock (_lock)
        {
            RequireTerm(term);
            if (need == CopyNeed.Some && FolderListing.Of(disk, root, isHashed: false).Files.Count == 0)
            {
                throw new LatentDbException(ErrorCode.NotEnoughCopies, $"{shard} lies in a folder that was not copied yet, and not in this one; the silo that has it must open it.") { RetryAfter = ReplicationLimits.RetryAfter };
            }

            if (need == CopyNeed.Whole && !Mark.IsWhole) throw new LatentDbException(ErrorCode.NotEnoughCopies, $"The copy of {shard} here is not whole; another silo must open the shard, or come back first.") { RetryAfter = ReplicationLimits.RetryAfter };
            _owner?.Cancel();
            _owner = null;
            _files.Close();
            _standing = new FollowerStanding(default, 0);
            if (!disk.FolderExists(root)) disk.CreateDurableFolder(root);
            Remember(new CopyMark(term, IsWhole: true));
            _ownedTerm = term;
        }
    }

    /// <summary>
    /// Nobody needs this copy: its files are removed, keys overwritten first. Before that it is marked as not whole, so that whatever is left after a crash is
    /// never opened; the mark stays, so that an owner of the past is refused all the same.
    /// </summary>
    /// <returns>False when this silo owns the shard.</returns>
    /// <exception cref="IOException">Some of it is left, and removed the next time.</exception>
    public bool TryDiscard()
    {
        lock (_lock)
        {
            if (_ownedTerm is not null) return false;
            _owner?.Cancel();
            _owner = null;
            _standing = new FollowerStanding(default, 0);
            Remember(Mark with { IsWhole = false });
            _files.Become(new FolderListing([], new SortedDictionary<string, ListedFile>(StringComparer.Ordinal)));
            disk.SyncFolder(root);
            return true;
        }
    }

    /// <summary>This silo is not the owner of that term any more and writes nothing more; one of a later term that it may have become meanwhile stays.</summary>
    public void Release(long term)
    {
        lock (_lock)
        {
            if (_ownedTerm == term) _ownedTerm = null;
        }
    }

    /// <exception cref="LatentDbException">stale_owner: a higher term was obeyed.</exception>
    public void RequireTerm(long term)
    {
        if (term < Mark.Term) throw new LatentDbException(ErrorCode.StaleOwner, $"The owner of {shard} of term {term} was followed by one of term {Mark.Term}.");
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _owner?.Cancel();
            _files.Close();
        }
    }

    private void Apply(FolderChange change)
    {
        switch (change.Kind)
        {
            case ChangeKind.BeginCopy:
                Remember(Mark with { IsWhole = false });
                _files.Become(ReplicationCodec.ReadListing(change.Bytes.Span));
                break;
            case ChangeKind.EndCopy:
                _files.SyncAll();
                Remember(Mark with { IsWhole = true });
                break;
            default:
                _files.Apply(change);
                break;
        }
    }

    private void Remember(CopyMark mark)
    {
        if (mark == _mark) return;
        mark.Write(disk, root);
        _mark = mark;
    }
}
