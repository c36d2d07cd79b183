namespace LatentDb.Client.Models;

/// <summary>Everything that an operator may want to know of a store.</summary>
/// <param name="Folder">Full path of the data folder.</param>
/// <param name="FormatVersion">Version of the on-disk format that this program writes.</param>
/// <param name="Stats">The sums.</param>
/// <param name="MasterKeys">The master keys that wrap something.</param>
/// <param name="Shards">The shards by number.</param>
public sealed record StoreInspection(
    string Folder, int FormatVersion, StoreStats Stats, IReadOnlyList<MasterKeyUse> MasterKeys, IReadOnlyList<ShardInspection> Shards);

/// <summary>One shard.</summary>
/// <param name="Shard">Its number.</param>
/// <param name="Epoch">Its owner's epoch: how often it was opened.</param>
/// <param name="Failure">Why it takes no writes; null while it does.</param>
/// <param name="FailureCode">The stable code of that failure.</param>
/// <param name="Memories">Its memories.</param>
/// <param name="Models">Models whose genesis it holds, by fingerprint.</param>
/// <param name="DirectoryPages">Pages of the directory: full ones and those with changes.</param>
/// <param name="Checkpoint">Where the next opening would begin.</param>
/// <param name="Keys">Its key files.</param>
/// <param name="Epochs">Its logs, oldest first.</param>
public sealed record ShardInspection(
    int Shard,
    long Epoch,
    string? Failure,
    string? FailureCode,
    long Memories,
    IReadOnlyList<string> Models,
    int DirectoryPages,
    CheckpointInspection Checkpoint,
    KeyInspection Keys,
    IReadOnlyList<EpochInspection> Epochs);

/// <summary>The newest checkpoint, and what an opening would have to replay after it.</summary>
/// <param name="Address">Where it stands in the manifest log of the current epoch; -1 when the commit record cannot be read.</param>
/// <param name="AgeFrames">Frames after it.</param>
/// <param name="AgeBytes">Bytes after it, itself included.</param>
public sealed record CheckpointInspection(long Address, long AgeFrames, long AgeBytes);

/// <summary>The keys of a shard.</summary>
/// <param name="Memories">Memories with a key, and the shard itself.</param>
/// <param name="ErasedMarks">Erased memories of which frames may still lie in the logs.</param>
/// <param name="LostSlots">Slots of which no copy could be read at opening.</param>
/// <param name="DamagedCopies">Copies that could not be read at opening; they were written anew.</param>
/// <param name="Failure">Why the keyring takes no changes; null while it does.</param>
public sealed record KeyInspection(long Memories, long ErasedMarks, int LostSlots, long DamagedCopies, string? Failure);

/// <summary>The logs of one ownership.</summary>
/// <param name="Epoch">Its number.</param>
/// <param name="IsCurrent">True for the one that is being written.</param>
/// <param name="Manifest">The log of versions and memories.</param>
/// <param name="Blocks">The log of tensors.</param>
public sealed record EpochInspection(long Epoch, bool IsCurrent, LogInspection Manifest, LogInspection Blocks);

/// <summary>One log.</summary>
/// <param name="PageBytes">Bytes of a page; 0 when its header cannot be read.</param>
/// <param name="SegmentBytes">Bytes of a whole segment file.</param>
/// <param name="FileBytes">Bytes of its segment files.</param>
/// <param name="LiveBytes">Bytes of its frames that something refers to.</param>
/// <param name="Segments">Its segment files, up to a bound.</param>
public sealed record LogInspection(int PageBytes, long SegmentBytes, long FileBytes, long LiveBytes, IReadOnlyList<SegmentInspection> Segments);

/// <summary>One segment file.</summary>
/// <param name="Segment">Its number.</param>
/// <param name="FileBytes">Its length.</param>
/// <param name="LiveBytes">Bytes in it that something refers to.</param>
public sealed record SegmentInspection(int Segment, long FileBytes, long LiveBytes);

/// <summary>What a master key wraps.</summary>
/// <param name="Id">Its name, as its provider knows it.</param>
/// <param name="IsCurrent">True when it wraps new keys; false for others, and when the provider does not tell.</param>
/// <param name="TenantKeys">Keys of tenants, and of shards, that it wraps.</param>
/// <param name="Shards">Numbers of the shards with such keys.</param>
public sealed record MasterKeyUse(string Id, bool IsCurrent, long TenantKeys, IReadOnlyList<int> Shards);

/// <summary>What a rotation of keys left.</summary>
/// <param name="MasterKeys">The master keys that wrap something now; one that is not among them may be taken away.</param>
public sealed record KeyRotation(IReadOnlyList<MasterKeyUse> MasterKeys);

/// <summary>The store in a few numbers.</summary>
/// <param name="Shards">Shards of the data folder.</param>
/// <param name="Memories">Memories of all shards.</param>
/// <param name="LiveBytes">Bytes that something refers to.</param>
/// <param name="FileBytes">Bytes of all segment files.</param>
/// <param name="FreeDiskBytes">Bytes that the disk of the data folder still takes.</param>
/// <param name="Failure">Why a shard takes no writes; null while all do.</param>
/// <param name="Amplification">Bytes on disk for each live byte.</param>
public sealed record StoreStats(int Shards, long Memories, long LiveBytes, long FileBytes, long FreeDiskBytes, string? Failure, double Amplification);
