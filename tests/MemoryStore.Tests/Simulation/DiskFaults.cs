namespace LatentDb.MemoryStore.Tests.Simulation;

/// <summary>What a <see cref="SimulatedDisk"/> does wrong. All of it may be changed while the disk is in use.</summary>
internal sealed class DiskFaults : IDisposable
{
    public const int IoErrno = 5; // EIO
    public const int NoSpaceErrno = 28; // ENOSPC

    /// <summary>Which changes fail; null = none. Counted from 0 among those that <see cref="FailingKinds"/> names.</summary>
    public long? FailAt { get; set; }

    public DiskChange FailingKinds { get; set; } = DiskChange.All;

    public int Errno { get; set; } = IoErrno;

    /// <summary>True: every change from <see cref="FailAt"/> on fails. False: only that one, so that whoever goes on as if nothing had been is found.</summary>
    public bool IsLasting { get; set; }

    /// <summary>A write that fails writes part of its bytes first.</summary>
    public bool WritesShort { get; set; }

    /// <summary>Bytes that fit; beyond them writes fail with ENOSPC.</summary>
    public long Capacity { get; set; } = long.MaxValue;

    /// <summary>Syncs return and nothing is synced.</summary>
    public bool SyncsLie { get; set; }

    /// <summary>Syncs of folders return and no name is synced.</summary>
    public bool FolderSyncsLie { get; set; }

    /// <summary>Folders cannot be listed.</summary>
    public bool ListingsFail { get; set; }

    /// <summary>Files whose syncs do not return until <see cref="Hang"/> is released; null = none.</summary>
    public Func<string, bool>? HangingFiles { get; set; }

    public ManualResetEventSlim Hang { get; } = new(initialState: false);

    /// <summary>Ends when the first sync hangs.</summary>
    public TaskCompletionSource Hung { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Changes seen of the kinds that may fail.</summary>
    public long Seen { get; private set; }

    public void Dispose() => Hang.Dispose();

    /// <summary>Whether the next change fails; called once for each.</summary>
    public bool IsNextFailing(DiskChange kind)
    {
        if (!FailingKinds.HasFlag(kind)) return false;
        long index = Seen++;
        return FailAt is long at && (IsLasting ? index >= at : index == at);
    }
}

/// <summary>Kinds of calls that change a disk or make a change durable.</summary>
[Flags]
internal enum DiskChange
{
    None = 0,
    Write = 1,
    Sync = 2,
    Create = 4,
    Name = 8,
    SyncFolder = 16,
    All = 31,
}
