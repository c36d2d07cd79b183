using LatentDb.MemoryStore.Identity;

namespace LatentDb.ModelHost.Hosting;

/// <summary>
/// What prefills computed, for later prompts over the same version. The version is part of the key, so nothing in here can be stale: a write makes a
/// new version, which finds nothing. Bounded in bytes; what was not used for longest leaves first. Thread-safe.
/// </summary>
/// <param name="budgetBytes">Bytes of K and V with their books; 0 = keep nothing.</param>
internal sealed class PromptCache(long budgetBytes) : IDisposable
{
    /// <summary>Prompts of one version: a few chats at once over one memory. More would make a look-up slow.</summary>
    private const int MaxPerVersion = 16;

    private readonly Lock _lock = new();
    private readonly Dictionary<PromptKey, List<CachedPrompt>> _versions = [];
    private readonly LinkedList<CachedPrompt> _byUse = new();
    private long _bytes;
    private bool _isDisposed;

    /// <summary>False when it keeps nothing.</summary>
    public bool IsUsed => budgetBytes > 0;

    /// <summary>Bytes that are kept now.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>What spares most of a prompt; null when nothing does. To be given back with <see cref="Return"/> once the prefill has begun.</summary>
    public CachedPrompt? Rent(PromptKey key, ReadOnlySpan<int> prompt)
    {
        lock (_lock)
        {
            if (!_versions.TryGetValue(key, out List<CachedPrompt>? entries)) return null;
            CachedPrompt? best = null;
            foreach (CachedPrompt entry in entries)
            {
                if (entry.WorthFor(prompt) > (best?.WorthFor(prompt) ?? 0)) best = entry;
            }

            if (best is null) return null;
            _byUse.Remove(best.Node);
            _byUse.AddLast(best.Node);
            best.Renters++;
            return best;
        }
    }

    public void Return(CachedPrompt? entry)
    {
        if (entry is null) return;
        lock (_lock)
        {
            entry.Renters--;
            DisposeUnused(entry);
        }
    }

    /// <summary>Takes a prompt, which is the cache's from here on.</summary>
    public void Keep(CachedPrompt entry)
    {
        lock (_lock)
        {
            if (entry.Bytes > budgetBytes || _isDisposed)
            {
                entry.IsRemoved = true;
                DisposeUnused(entry);
                return;
            }

            if (!_versions.TryGetValue(entry.Key, out List<CachedPrompt>? entries)) _versions.Add(entry.Key, entries = []);

            // The turns of a chat grow: what the new one can do as well is not kept twice.
            foreach (CachedPrompt other in entries.ToArray())
            {
                if (entry.Covers(other)) Remove(other, entries);
            }

            if (entries.Count == MaxPerVersion) Remove(entries[0], entries);
            entries.Add(entry);
            _byUse.AddLast(entry.Node);
            Interlocked.Add(ref _bytes, entry.Bytes);
            while (_bytes > budgetBytes) Drop(_byUse.First!.Value);
        }
    }

    /// <summary>Drops everything of an erased memory.</summary>
    public void Forget(MemoryUid memory)
    {
        lock (_lock)
        {
            foreach (CachedPrompt entry in _byUse.Where(e => e.Key.Memory == memory).ToArray()) Drop(entry);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            while (_byUse.First is { } first) Drop(first.Value);
        }
    }

    private void Drop(CachedPrompt entry)
    {
        List<CachedPrompt> entries = _versions[entry.Key];
        Remove(entry, entries);
        if (entries.Count == 0) _versions.Remove(entry.Key);
    }

    private void Remove(CachedPrompt entry, List<CachedPrompt> entries)
    {
        _byUse.Remove(entry.Node);
        entries.Remove(entry);
        Interlocked.Add(ref _bytes, -entry.Bytes);
        entry.IsRemoved = true;
        DisposeUnused(entry);
    }

    private static void DisposeUnused(CachedPrompt entry)
    {
        if (entry is { IsRemoved: true, Renters: 0 }) entry.Prefix.Dispose();
    }
}

/// <summary>The version that a prompt was read over. Numbers of a memory are never given twice.</summary>
internal readonly record struct PromptKey(MemoryUid Memory, VersionNumber Version);
