using LatentDb.MemoryStore.Identity;

namespace LatentDb.MemoryStore.Retention;

/// <summary>Which segments to empty. Pure.</summary>
internal static class SegmentChoice
{
    /// <summary>Files may be this much larger than what is live in them before anything is copied; with what is being written it stays below 1.5.</summary>
    private const double TargetAmplification = 1.25;

    /// <summary>Emptying a segment that is fuller than this copies more than it frees is worth.</summary>
    private const double FullShare = 0.85;

    /// <returns>The emptiest first; those without live records always, others until the target is reached, and small left-overs of old epochs.</returns>
    public static List<SegmentFile> Choose(IReadOnlyCollection<SegmentFile> files, int maxEpochs)
    {
        var chosen = files.Where(f => f.IsComplete && f.LiveBytes <= 0).ToList();
        long bytes = files.Sum(f => f.FileBytes) - chosen.Sum(f => f.FileBytes);
        long live = files.Sum(f => f.LiveBytes);
        foreach (SegmentFile file in files.Where(f => f.IsComplete && f.LiveBytes > 0).OrderBy(f => f.LiveShare))
        {
            if (bytes <= live * TargetAmplification || file.LiveShare > FullShare) break;
            chosen.Add(file);
            bytes -= file.FileBytes - file.LiveBytes;
        }

        chosen.AddRange(Scattered(files.Except(chosen).ToList(), maxEpochs));
        return chosen;
    }

    /// <summary>A shard that is opened often has many epochs with little in each: the oldest ones are gathered, whatever their share of live bytes.</summary>
    private static IEnumerable<SegmentFile> Scattered(List<SegmentFile> files, int maxEpochs)
    {
        List<Epoch> epochs = [.. files.Select(f => f.Id.Epoch).Distinct().OrderBy(e => e.Value)];
        int spare = epochs.Count - maxEpochs;
        if (spare <= 0) return [];
        var small = epochs
            .Select(e => (Epoch: e, Live: files.Where(f => f.Id.Epoch == e).Sum(f => f.LiveBytes)))
            .Where(e => e.Live <= StoreLimits.SmallEpochBytes)
            .OrderBy(e => e.Live)
            .Take(spare)
            .Select(e => e.Epoch)
            .ToHashSet();
        return files.Where(f => f.IsComplete && small.Contains(f.Id.Epoch));
    }
}
