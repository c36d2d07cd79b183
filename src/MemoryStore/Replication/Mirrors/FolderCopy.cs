using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Links;

namespace LatentDb.MemoryStore.Replication.Mirrors;

/// <summary>
/// Fills a follower's folder while the owner goes on writing to its own: the names at one number of the queue, then each piece that differs, between the
/// changes that happen meanwhile.
/// </summary>
/// <remarks>
/// A piece that differs is read and queued with the order held, so that every later change follows it. One that is equal need not be: the follower makes
/// every change since the beginning, and what no change has touched is equal as it was.
/// </remarks>
/// <param name="disk">The owner's.</param>
/// <param name="there">What the follower has.</param>
internal sealed class FolderCopy(MirrorDisk disk, FolderListing there) : IChangeWatcher
{
    private readonly Dictionary<string, CopiedFile> _byName = new(StringComparer.Ordinal);
    private readonly byte[] _piece = new byte[ReplicationLimits.PieceBytes];

    /// <summary>Bytes of pieces that were sent.</summary>
    public long SentBytes { get; private set; }

    /// <summary>Queues the names.</summary>
    /// <returns>The place from which on the follower must read.</returns>
    public ChangeQueue.Cursor Begin()
    {
        lock (disk.Order)
        {
            FolderListing here = FolderListing.Of(disk.Inner, disk.Root, isHashed: false);
            foreach ((string name, ListedFile file) in here.Files)
            {
                // What is longer over there is emptied.
                bool isKept = there.Files.TryGetValue(name, out ListedFile? other) && other.Length <= file.Length;
                _byName.Add(name, new CopiedFile(name, isKept ? other : null));
            }

            using var buffer = new LinkBuffer();
            ReplicationCodec.Write(buffer, here);
            ChangeQueue.Cursor cursor = disk.Queue.Attach(disk.Queue.Next)!;
            disk.Queue.Add(new FolderChange(ChangeKind.BeginCopy, string.Empty, Bytes: buffer.Written.ToArray()));
            disk.Watch(this);
            return cursor;
        }
    }

    /// <summary>Queues the pieces, as fast as the follower takes them, and the end.</summary>
    /// <param name="cursor">Where the follower reads.</param>
    /// <param name="taken">Ends when the follower has taken something out of the queue.</param>
    /// <param name="cancellationToken">Of the whole.</param>
    /// <returns>Number of the change after which the follower is a copy.</returns>
    public async Task<long> RunAsync(ChangeQueue.Cursor cursor, Func<Task> taken, CancellationToken cancellationToken)
    {
        CopiedFile[] files;
        lock (disk.Order) files = [.. _byName.Values];
        foreach (CopiedFile file in files)
        {
            for (int piece = 0; Send(file, piece); piece++)
            {
                await RoomAsync(cursor, taken, cancellationToken).ConfigureAwait(false);
            }
        }

        lock (disk.Order)
        {
            disk.Unwatch(this);
            disk.Queue.Add(new FolderChange(ChangeKind.EndCopy, string.Empty));
            return disk.Queue.Next;
        }
    }

    /// <summary>Sees nothing more; needed when it was broken off.</summary>
    public void End()
    {
        lock (disk.Order) disk.Unwatch(this);
    }

    public void Changed(FolderChange change)
    {
        if (change.Kind is ChangeKind.Delete or ChangeKind.Move) Rename(change.Path, change.Kind == ChangeKind.Move ? change.Target : null);
    }

    private async Task RoomAsync(ChangeQueue.Cursor cursor, Func<Task> taken, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task next = taken();
            if (disk.Queue.BytesBehind(cursor.Position) <= ReplicationLimits.CopyAheadBytes) return;
            await next.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private void Rename(string from, string? to)
    {
        if (to is not null && _byName.Remove(to, out CopiedFile? replaced)) replaced.Name = null;
        if (!_byName.Remove(from, out CopiedFile? file)) return;
        file.Name = to;
        if (to is not null) _byName.Add(to, file);
    }

    /// <returns>False when there is nothing after this piece.</returns>
    private bool Send(CopiedFile file, int piece)
    {
        long offset = (long)piece * ReplicationLimits.PieceBytes;
        if (file.There is ListedFile other)
        {
            int read = Read(file, offset);
            if (read > 0 && other.Has(piece, _piece.AsSpan(0, read))) return read == _piece.Length;
        }

        lock (disk.Order)
        {
            int read = Read(file, offset);
            if (read == 0) return false;
            disk.Queue.Add(new FolderChange(ChangeKind.Write, file.Name!, Offset: offset, Bytes: _piece.AsSpan(0, read).ToArray()));
            SentBytes += read;
            return read == _piece.Length;
        }
    }

    /// <returns>0 when the file is gone.</returns>
    private int Read(CopiedFile file, long offset)
    {
        string? name = file.Name;
        if (name is null || !disk.FileExists(Path.Combine(disk.Root, name))) return 0;
        try
        {
            using IDiskFile opened = disk.Inner.Open(Path.Combine(disk.Root, name), DiskAccess.Read);
            return opened.Read(_piece, offset);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return 0;
        }
    }

    /// <summary>A file of the owner's. Its name changes with the order held.</summary>
    private sealed class CopiedFile(string name, ListedFile? there)
    {
        private volatile string? _name = name;

        public string? Name
        {
            get => _name;
            set => _name = value;
        }

        /// <summary>What the follower has under the name that it had at the beginning; null = nothing that can be kept.</summary>
        public ListedFile? There { get; } = there;
    }
}
