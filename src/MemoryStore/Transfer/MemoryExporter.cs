using System.Reflection;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Index;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Transfer.Archives;
using LatentDb.MemoryStore.Transfer.Content;

namespace LatentDb.MemoryStore.Transfer;

/// <summary>Writes a memory into an archive: one file that vouches for itself, from which any store with the same model can make it again.</summary>
public sealed class MemoryExporter
{
    private static readonly string Program =
        $"LatentDB {typeof(MemoryExporter).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0"}";

    private readonly Func<ShardSet> _shards;

    /// <param name="shards">The open shards; throws while the store is not open.</param>
    internal MemoryExporter(Func<ShardSet> shards) => _shards = shards;

    /// <summary>
    /// Writes the versions that the memory has when the export begins; writes may go on meanwhile and are not in it. When the task fails, what was
    /// written is cut off, and no reader takes it.
    /// </summary>
    /// <param name="key">The memory.</param>
    /// <param name="options">What of it, and for whom.</param>
    /// <param name="target">Need not be able to seek; stays the caller's.</param>
    /// <param name="progress">Told after each version.</param>
    /// <param name="cancellationToken">Leaves a cut archive.</param>
    /// <exception cref="LatentDbException">
    /// memory_not_found, version_not_found, version_expired (also when retention drops a version while it is exported), snapshot_not_found, data_damaged;
    /// invalid_request for a passphrase or key that cannot be used.
    /// </exception>
    public async Task ExportAsync(
        MemoryKey key, ExportOptions options, Stream target, IProgress<TransferProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(target);
        ShardSet shards = _shards();
        Shard shard = shards.ShardOf(key);
        MemoryEntry entry = await shard.Memories.FindAsync(key, cancellationToken).ConfigureAwait(false)
            ?? throw new LatentDbException(ErrorCode.MemoryNotFound, $"Memory {key} does not exist.");
        VersionState? one = options.At is null ? null : await VersionResolver.ResolveAsync(shard, entry, options.At).ConfigureAwait(false);

        // Stretching a passphrase takes half a second of one core: not on the caller's thread.
        (ArchiveProtection protection, ArchiveCipher? cipher) = await Task.Run(() => ArchiveLocks.New(options), cancellationToken).ConfigureAwait(false);
        var header = new ArchiveHeader(Program, new HybridTimestamp(shards.Settings.Time.GetUtcNow().UtcTicks), protection);
        using ArchiveWriter writer = await ArchiveWriter.BeginAsync(target, header, cipher, cancellationToken).ConfigureAwait(false);
        await new MemoryExport(shard, entry, entry.ToState(), writer, progress).RunAsync(one, cancellationToken).ConfigureAwait(false);
        if (entry.IsErased) throw new LatentDbException(ErrorCode.MemoryNotFound, $"Memory {key} was erased while it was exported.");
        await writer.EndAsync(cancellationToken).ConfigureAwait(false);
    }
}
