using System.Collections.Immutable;
using LatentDb.Grains.Contracts;
using LatentDb.MemoryStore;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Timeline;
using LatentDb.MemoryStore.Versions;
using LatentDb.MemoryStore.Versions.Diff;

namespace LatentDb.Grains.Memories;

/// <summary>Two versions → rows that differ, and the injects between them with their texts. Reads only.</summary>
internal static class DiffFlow
{
    /// <summary>Characters of all texts of one answer; what comes after them is named without its text, which can be read by itself.</summary>
    private const int MaxTextCharacters = 1 << 20;

    /// <exception cref="MemoryStore.Errors.LatentDbException">version_not_found, version_expired, snapshot_not_found.</exception>
    public static async Task<MemoryDiff> RunAsync(MemoryTimeline timeline, VersionSelector from, VersionSelector to, CancellationToken cancellationToken)
    {
        VersionDiff rows = await timeline.DiffAsync(from, to, cancellationToken).ConfigureAwait(false);
        VersionNumber a = rows.From.Number;
        VersionNumber b = rows.To.Number;
        Dictionary<VersionNumber, MemoryVersion> known = List(timeline, a > b ? a : b);

        var texts = new TextReader(timeline);
        ImmutableArray<InjectedText> added = await texts.ReadAsync(ContentLine.Added(known, b, a), cancellationToken).ConfigureAwait(false);
        ImmutableArray<InjectedText> removed = await texts.ReadAsync(ContentLine.Added(known, a, b), cancellationToken).ConfigureAwait(false);
        return new MemoryDiff(rows, added, removed);
    }

    /// <summary>Every kept version up to <paramref name="newest"/>.</summary>
    private static Dictionary<VersionNumber, MemoryVersion> List(MemoryTimeline timeline, VersionNumber newest)
    {
        var known = new Dictionary<VersionNumber, MemoryVersion>();
        VersionNumber before = newest.Next();
        while (timeline.ListVersions(StoreLimits.MaxPageItems, before) is { Length: > 0 } page)
        {
            foreach (MemoryVersion version in page) known.Add(version.Number, version);
            before = page[^1].Number;
        }

        return known;
    }

    /// <summary>Reads texts as long as the answer has room.</summary>
    private sealed class TextReader(MemoryTimeline timeline)
    {
        private int _left = MaxTextCharacters;

        public async Task<ImmutableArray<InjectedText>> ReadAsync(ImmutableArray<MemoryVersion> versions, CancellationToken cancellationToken)
        {
            var texts = ImmutableArray.CreateBuilder<InjectedText>(versions.Length);
            foreach (MemoryVersion version in versions)
            {
                string? kept = version.HasText && _left > 0 ? await timeline.ReadTextAsync(version.Number, cancellationToken).ConfigureAwait(false) : null;
                _left -= kept?.Length ?? 0;
                texts.Add(new InjectedText(version, kept is null || _left < 0 ? null : InjectedTextFormat.Decode(kept)));
            }

            return texts.MoveToImmutable();
        }
    }
}
