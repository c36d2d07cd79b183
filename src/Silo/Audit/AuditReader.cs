using LatentDb.MemoryStore.Identity;

namespace LatentDb.Silo.Audit;

/// <summary>Lists the log, for a tenant or for operators.</summary>
internal sealed class AuditReader(AuditFolder folder, AuditLog log)
{
    public AuditFolder Folder => folder;

    /// <summary>Lines after a number, in order; those of one tenant, or all.</summary>
    public AuditPage Read(TenantId? tenant, long after, int limit)
    {
        long newest = log.Durable.Head.Seq;
        List<AuditLine> items = [];
        long last = after;
        int scanned = 0;
        foreach (AuditLine line in LinesAfter(after).TakeWhile(l => l.Seq <= newest))
        {
            if (items.Count == limit || scanned++ == AuditLimits.MaxScannedLines) return new AuditPage(items, last);
            last = line.Seq;
            if (tenant is null || line.Tenant == tenant.Value.Value) items.Add(line);
        }

        return new AuditPage(items, null);
    }

    /// <summary>Everything that is durable, byte for byte, in order of the segments.</summary>
    public IEnumerable<RawLine> ReadAll()
    {
        long newest = log.Durable.Head.Seq;
        return folder.Segments().SelectMany(segment => SegmentLines.Read(folder.Disk, folder.PathOf(segment)))
            .TakeWhile(raw => (AuditText.TryDecode(raw.Bytes)?.Seq ?? 0) <= newest);
    }

    public AuditVerdict Check(CancellationToken cancellationToken) => AuditCheck.Run(folder, log.Durable, cancellationToken);

    private IEnumerable<AuditLine> LinesAfter(long after)
    {
        long[] segments = folder.Segments();
        long from = segments.LastOrDefault(s => s <= after + 1);
        return segments.Where(s => s >= from)
            .SelectMany(segment => SegmentLines.Read(folder.Disk, folder.PathOf(segment)))
            .Select(raw => AuditText.TryDecode(raw.Bytes))
            .OfType<AuditLine>()
            .Where(line => line.Seq > after);
    }
}

/// <summary>Some lines.</summary>
/// <param name="Items">In order.</param>
/// <param name="Next">Ask for those after this; null = these were the last.</param>
internal sealed record AuditPage(IReadOnlyList<AuditLine> Items, long? Next);
