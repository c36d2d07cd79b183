namespace LatentDb.Silo.Audit;

/// <summary>Reads the whole log and follows its chain from the anchor's start to its head.</summary>
internal static class AuditCheck
{
    private const int MaxFaults = 100;

    /// <param name="folder">Where.</param>
    /// <param name="durable">What the running process knows to be there.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static AuditVerdict Run(AuditFolder folder, AuditAnchor durable, CancellationToken cancellationToken)
    {
        List<AuditFault> faults = [];
        AuditPoint point = durable.Start;
        bool hasSeenHead = point == durable.Head;
        long lines = 0;
        foreach (RawLine raw in folder.Segments().SelectMany(segment => SegmentLines.Read(folder.Disk, folder.PathOf(segment))))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (hasSeenHead && !raw.IsWhole) break; // What is newer than the question may be half written right now.
            if (raw.After(point) is not null)
            {
                point = new AuditPoint(point.Seq + 1, AuditText.HashOf(raw.Bytes));
                hasSeenHead |= point == durable.Head;
                lines++;
                continue;
            }

            AuditLine? found = raw.IsWhole ? AuditText.TryDecode(raw.Bytes) : null;
            if (faults.Count < MaxFaults) faults.Add(new AuditFault(point.Seq, found is null ? "what follows is not a line" : $"line {found.Seq} follows, which does not continue it"));
            if (found is not null) point = new AuditPoint(found.Seq, AuditText.HashOf(raw.Bytes));
            hasSeenHead |= point == durable.Head;
        }

        if (!hasSeenHead) faults.Add(new AuditFault(point.Seq, $"line {durable.Head.Seq} should be there"));
        return new AuditVerdict(faults.Count == 0, lines, durable.Start.Seq + 1, durable.Head.Seq, durable.Head.Hash, faults);
    }
}
