using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Log;
using LatentDb.MemoryStore.Records;
using LatentDb.MemoryStore.Shards;
using LatentDb.MemoryStore.Shards.Damages;
using LatentDb.MemoryStore.Shards.Frames;

namespace LatentDb.MemoryStore.Integrity;

/// <summary>One log of one epoch: header, commit record, every frame of the segments that are there, and whether it ends where it must.</summary>
internal sealed class LogScrub(Shard shard, ScrubFindings findings, Throttle throttle)
{
    /// <summary>Checks what is committed when it begins; what is written meanwhile is left for the next scrub.</summary>
    public async Task RunAsync(Epoch epoch, LogName log, CancellationToken cancellationToken)
    {
        string folder = shard.Layout.LogFolderOf(epoch, log);
        if (!shard.Layout.Disk.FolderExists(folder)) return;
        CommitSlotCheck commits = CheckCommits(epoch, log, folder);
        LogHeader? header = ReadHeader(epoch, log, folder);
        if (header is null) return;
        IReadOnlyList<int> segments = shard.Layout.Segments(epoch, log);
        LogSeal? end = EndOf(epoch, log, commits);
        using var reader = new SegmentReader(shard.Layout.Disk, folder, header.Geometry);
        if (end is LogSeal seal) await WalkAsync(new LogUnderScrub(epoch, log, folder, reader, seal), segments, cancellationToken).ConfigureAwait(false);
        else findings.Skip($"{Places.InLog(shard.Id, epoch, log, null, null).File}: nobody knows where this log ends.");
    }

    private async Task WalkAsync(LogUnderScrub it, IReadOnlyList<int> segments, CancellationToken cancellationToken)
    {
        long segmentBytes = it.Reader.Geometry.SegmentBytes;
        RequireReplayed(it, segments);
        var walk = new LogWalk(it.Reader, it.Epoch, throttle, (address, what) => Report(it, address, what));
        long at = -1;
        foreach (int segment in segments.Where(s => s * segmentBytes < it.End.Address))
        {
            long start = segment * segmentBytes;
            if (start == 0) walk.BeginLog();
            else if (start != at) walk.BeginRun();
            at = Math.Min(start + segmentBytes, it.End.Address);
            await walk.RunAsync(Math.Max(start, LogGeometry.FirstAddress), at, cancellationToken).ConfigureAwait(false);
        }

        findings.Frames += walk.Frames;
        findings.Bytes += walk.Bytes;
        bool isWhole = walk.Sequence == it.End.Sequence && (walk.Chain is null || walk.Chain == it.End.Chain);
        if (at != it.End.Address || isWhole || it.End.Sequence == 0 || IsDropped(it, (int)((at - 1) / segmentBytes))) return;
        Add(DamageKind.LogEnd, it, it.End.Address, $"The log ends with frame {walk.Sequence}; its commit record vouches for frame {it.End.Sequence}.", IsReplayed(it, it.End.Address));
    }

    /// <summary>What an opening replays must be there, also where nothing in it is live.</summary>
    private void RequireReplayed(LogUnderScrub it, IReadOnlyList<int> segments)
    {
        if (it.Log != LogName.Manifest || it.Epoch != shard.Epoch) return;
        long segmentBytes = it.Reader.Geometry.SegmentBytes;
        for (int segment = (int)(shard.ManifestLog.CheckpointAddress / segmentBytes); segment * segmentBytes < it.End.Address; segment++)
        {
            if (segments.Contains(segment)) continue;
            DamagePlace place = Places.InLog(shard.Id, it.Epoch, it.Log, segment, null);
            findings.Add(new StoreDamage(DamageKind.SegmentMissing, place, $"Segment {segment} of the current manifest log is missing, which the next opening replays.", []) { KeepsShardFromOpening = true });
        }
    }

    private void Report(LogUnderScrub it, long address, string what)
    {
        int segment = (int)(address / it.Reader.Geometry.SegmentBytes);
        if (IsDropped(it, segment)) return;
        Add(DamageKind.Frame, it, address, $"Epoch {it.Epoch}, {DamageWords.NameOf(it.Log)} log, address {address}: {what}.", IsReplayed(it, address));
    }

    /// <summary>Deleted by compaction since it was listed: then nothing needs it.</summary>
    private bool IsDropped(LogUnderScrub it, int segment) =>
        !shard.Layout.Disk.FileExists(LogFolder.SegmentPath(it.Folder, segment)) && shard.Index.Usage.BytesOf(new SegmentId(it.Epoch, it.Log, segment)) == 0;

    /// <summary>An opening reads the current manifest log from its newest checkpoint on.</summary>
    private bool IsReplayed(LogUnderScrub it, long address) =>
        it.Log == LogName.Manifest && it.Epoch == shard.Epoch && address >= shard.ManifestLog.CheckpointAddress;

    private void Add(DamageKind kind, LogUnderScrub it, long address, string message, bool isReplayed)
    {
        DamagePlace place = Places.InLog(shard.Id, it.Epoch, it.Log, (int)(address / it.Reader.Geometry.SegmentBytes), address);
        findings.Add(new StoreDamage(kind, place, message, []) { KeepsShardFromOpening = isReplayed });
    }

    private CommitSlotCheck CheckCommits(Epoch epoch, LogName log, string folder)
    {
        string path = LogFolder.CommitPath(folder);
        DamagePlace place = Places.InFile(shard.Id, epoch, log, "commit.ab");
        bool isCurrent = epoch == shard.Epoch;
        try
        {
            CommitSlotCheck check = CommitSlots.Check(shard.Layout.Disk, path);

            // The owner may be writing a copy at this moment; the other ones it leaves alone meanwhile.
            for (int attempt = 0; isCurrent && check.DamagedCopies.Length > 0 && attempt < IntegrityLimits.QuietAttempts; attempt++)
            {
                CommitSlotCheck again = CommitSlots.Check(shard.Layout.Disk, path);
                check = again with { DamagedCopies = [.. again.DamagedCopies.Intersect(check.DamagedCopies)] };
            }

            findings.Bytes += CommitSlots.FileBytes;
            foreach (int copy in check.DamagedCopies)
            {
                findings.Add(new StoreDamage(DamageKind.CommitRecord, place with { Address = copy }, $"Copy {copy + 1} of 4 of the commit record does not verify.", []));
            }

            return check;
        }
        catch (Exception e) when (ScrubErrors.IsDamage(e))
        {
            findings.Add(new StoreDamage(DamageKind.CommitRecord, place, e.Message, []) { KeepsShardFromOpening = isCurrent && log == LogName.Manifest });
            return new CommitSlotCheck(null, []);
        }
    }

    private LogHeader? ReadHeader(Epoch epoch, LogName log, string folder)
    {
        try
        {
            return LogFolder.Read(shard.Layout.Disk, folder);
        }
        catch (Exception e) when (ScrubErrors.IsDamage(e))
        {
            findings.Add(new StoreDamage(DamageKind.LogHeader, Places.InFile(shard.Id, epoch, log, "header"), e.Message, []) { KeepsShardFromOpening = epoch == shard.Epoch });

            // What was read when the log was opened is as good, while this process has it.
            return null;
        }
    }

    /// <summary>The seal of an earlier epoch, which says more when its commit record was damaged; else what the commit record says.</summary>
    private LogSeal? EndOf(Epoch epoch, LogName log, CommitSlotCheck commits)
    {
        EpochSeal? seal = shard.Epochs.Seals.FirstOrDefault(s => s.Epoch == epoch);
        LogSeal end = seal is null ? default : log == LogName.Manifest ? seal.Manifest : seal.Blocks;
        if (end.Address > 0) return end;
        return commits.Newest is CommitSlot newest ? LogCookie.Read(newest).Seal : null;
    }

    private sealed record LogUnderScrub(Epoch Epoch, LogName Log, string Folder, SegmentReader Reader, LogSeal End);
}
