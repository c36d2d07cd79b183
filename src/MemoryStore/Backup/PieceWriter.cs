using System.Collections.Immutable;
using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Backup;

/// <summary>Puts the pieces of files, as far as the point before does not have them.</summary>
/// <remarks>
/// A piece is used again only when a point names it: an object that lies there unnamed may be about to be removed by its owner. Those of this
/// process's own epoch are not: it puts and removes them in turn.
/// </remarks>
internal sealed class PieceWriter
{
    private readonly IObjectPlace _place;
    private readonly ShardId _shard;
    private readonly Epoch _epoch;
    private readonly Throttle _throttle;
    private readonly Dictionary<string, BackedUpFile> _before;
    private readonly Dictionary<string, string> _named;
    private readonly HashSet<string> _sameLogs = new(StringComparer.Ordinal);
    private readonly ImmutableArray<BackedUpFile>.Builder _files = ImmutableArray.CreateBuilder<BackedUpFile>();
    private readonly byte[] _buffer = new byte[BackupLimits.PieceBytes];

    public PieceWriter(IObjectPlace place, ShardId shard, Epoch epoch, BackupPoint? before, Throttle throttle)
    {
        _place = place;
        _shard = shard;
        _epoch = epoch;
        _throttle = throttle;
        _before = before?.Files.ToDictionary(file => file.Path, StringComparer.Ordinal) ?? [];
        _named = before?.Pieces.DistinctBy(BackupNames.HashOf).ToDictionary(BackupNames.HashOf, StringComparer.Ordinal) ?? [];
    }

    public long PutBytes { get; private set; }

    public ImmutableArray<BackedUpFile> Files => _files.ToImmutable();

    /// <param name="file">The header of a log comes before its segments.</param>
    /// <param name="cancellationToken">Leaves pieces that nothing names.</param>
    public async Task AddAsync(ShardFile file, CancellationToken cancellationToken)
    {
        ImmutableArray<string>.Builder pieces = ImmutableArray.CreateBuilder<string>();
        BackedUpFile? before = _before.GetValueOrDefault(file.Path);
        bool isSameLog = file.Header is not null && _sameLogs.Contains(file.Header);
        for (long at = 0; at < file.Length; at += BackupLimits.PieceBytes)
        {
            int index = pieces.Count;
            long end = Math.Min(at + BackupLimits.PieceBytes, file.Length);

            // Logs are only appended to: a piece that was whole then is the same now, and so is the last one of a segment that has not grown.
            bool isKnown = isSameLog && before is not null && index < before.Pieces.Length && (end - at == BackupLimits.PieceBytes ? end <= before.Length : end == before.Length);
            pieces.Add(isKnown ? before!.Pieces[index] : await PutAsync(file, at, cancellationToken).ConfigureAwait(false));
        }

        if (file.Content is not null && before is not null && before.Pieces.SequenceEqual(pieces)) _sameLogs.Add(file.Path);
        _files.Add(new BackedUpFile(file.Path, file.Length, pieces.DrainToImmutable()));
    }

    private async Task<string> PutAsync(ShardFile file, long at, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte> content = await file.ReadAsync(at, _buffer, cancellationToken).ConfigureAwait(false);
        await _throttle.TakeAsync(content.Length, cancellationToken).ConfigureAwait(false);
        string name = BackupNames.PieceOf(_shard, content.Span, _epoch);
        if (_named.TryGetValue(BackupNames.HashOf(name), out string? known)) return known;
        if (await _place.PutIfAbsentAsync(name, content, cancellationToken).ConfigureAwait(false)) PutBytes += content.Length;
        _named.Add(BackupNames.HashOf(name), name);
        return name;
    }
}
