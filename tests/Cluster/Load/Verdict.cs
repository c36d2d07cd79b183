using LatentDb.Testing.Histories;

namespace LatentDb.Cluster.Load;

/// <summary>Does what a memory that stays shows at the end fit what its clients were told?</summary>
public static class Verdict
{
    /// <summary>Null when it does; else what does not.</summary>
    /// <param name="memory">What was asked and told.</param>
    /// <param name="versions">The memory's versions at the end, as <see cref="VersionLines"/> has them.</param>
    /// <param name="client">A number of its own for who looked.</param>
    /// <param name="now">After all that was asked.</param>
    public static string? Of(LoadHistory memory, string versions, int client, long now)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(versions);
        long[] numbers = [.. VersionLines.Numbers(versions)];
        if (!numbers.SequenceEqual(Enumerable.Range(1, numbers.Length).Reverse().Select(n => (long)n))) return $"Its versions are {string.Join(' ', numbers)}.";

        ILookup<string, long> byKey = VersionLines.ByKey(versions);
        string? wrong = memory.Acknowledged.Where(write => !write.Value.Order().SequenceEqual(byKey[write.Key].Order()))
            .Select(write => $"Acknowledged as {string.Join(' ', write.Value)}, {write.Key} is at {string.Join(' ', byKey[write.Key])}.")
            .Concat(memory.Items.Where(write => byKey[write.Key].Count() > write.Value).Select(write => $"{write.Key} was made at {string.Join(' ', byKey[write.Key])}, and is of {write.Value}."))
            .Concat(memory.Archived.Where(archive => !IsEndOf(versions, archive)).Select(archive => $"An archive of it brought along\n{archive}"))
            .FirstOrDefault();
        if (wrong is not null) return wrong;

        // What is there at the end is an answer as well: nothing may have been lost after the last one.
        var end = new Operation(client, OperationKind.Read, numbers.Length, OperationOutcome.Done, now, now + 1);
        Operation[] settled = [.. memory.Settled(key => [.. byKey[key]]), end];
        int writes = settled.Count(o => o.Kind is OperationKind.Write or OperationKind.WriteIfHead && o.Outcome == OperationOutcome.Done);
        return writes == numbers.Length - 1 ? HistoryChecker.Explain(settled) : $"Of {numbers.Length - 1} versions after the first {writes} were asked for.";
    }

    /// <summary>Newest first: what was there earlier stands at the end.</summary>
    private static bool IsEndOf(string versions, string earlier) => versions == earlier || versions.EndsWith($"\n{earlier}", StringComparison.Ordinal);
}
