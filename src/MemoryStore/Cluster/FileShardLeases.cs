using System.Globalization;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Cluster;

/// <summary>Leases for processes of one machine: an exclusive flock per shard, which ends with its process. A process that is paused keeps what it has.</summary>
/// <param name="folder">Where the files are; created when missing.</param>
public sealed class FileShardLeases(string folder) : IShardLeases
{
    private const int TermBytes = 32;

    /// <inheritdoc/>
    public ValueTask<ShardLease?> TryAcquireAsync(ShardId shard, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            Directory.CreateDirectory(folder);
            FileStream? file = TryLock(Path.Combine(folder, $"{shard}.lease"));
            return ValueTask.FromResult<ShardLease?>(file is null ? null : new FileShardLease(shard, file, RaiseTerm(file)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new LatentDbException(ErrorCode.StoreUnavailable, $"The lease of {shard} cannot be taken in {folder}: {e.Message}", e);
        }
    }

    private static FileStream? TryLock(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(path))
        {
            return null;
        }
    }

    private static long RaiseTerm(FileStream file)
    {
        Span<byte> text = stackalloc byte[TermBytes];
        int read = file.ReadAtLeast(text, TermBytes, throwOnEndOfStream: false);
        _ = long.TryParse(text[..read], NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out long term);
        term++;
        file.Position = 0;
        text.Fill((byte)' ');
        term.TryFormat(text, out _, default, CultureInfo.InvariantCulture);
        file.Write(text);
        file.Flush();
        return term;
    }

    private sealed class FileShardLease(ShardId shard, FileStream file, long term) : ShardLease
    {
        private volatile bool _isGivenBack;

        public override ShardId Shard => shard;

        public override long Term => term;

        public override bool IsHeld => !_isGivenBack;

        public override CancellationToken Lost => CancellationToken.None;

        public override ValueTask DisposeAsync()
        {
            _isGivenBack = true;
            return file.DisposeAsync();
        }
    }
}
