using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Time;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.ModelHost.Tests.Hosting;

/// <summary>One memory without a store around it: inject and ask.</summary>
internal sealed class MemoryUnderTest(IModelHost host, InMemoryBlocks blocks, Manifest genesis)
{
    private Manifest _manifest = genesis;
    private long _version = 1;

    public InMemoryBlocks Blocks => blocks;

    public VersionedManifest Head => new(
        new MemoryVersion(new VersionNumber(_version), null, VersionCause.Inject, null, new HybridTimestamp(_version), host.Describe().Fingerprint, 0, 0, 0, _manifest.Writes, 0, null),
        _manifest);

    public static async Task<MemoryUnderTest> CreateAsync(IModelHost host, InMemoryBlocks? known = null)
    {
        InMemoryBlocks blocks = known ?? new InMemoryBlocks();
        return new MemoryUnderTest(host, blocks, await host.WriteGenesisAsync(blocks, default));
    }

    /// <summary>Another line that begins where this one is; blocks are shared.</summary>
    public MemoryUnderTest Fork(IModelHost? other = null) => new(other ?? host, blocks, _manifest) { _version = _version };

    /// <summary>The same version, answered by another host.</summary>
    public MemoryUnderTest On(IModelHost other) => new(other, blocks, _manifest) { _version = _version };

    public async Task<InjectOutcome> InjectAsync(string text, ulong seed)
    {
        InjectOutcome outcome = await host.InjectAsync(new InjectRequest(Head, new TextInput.Plain(text), seed, blocks, blocks), default);
        foreach (ManifestDelta delta in outcome.Deltas) _manifest = delta.Apply(_manifest);
        _version++;
        return outcome;
    }

    public async Task<string> AskAsync(string prompt, int maxTokens = 6)
    {
        string text = string.Empty;
        var request = new QueryRequest(Head, new TextInput.Plain(prompt), new GenerationOptions { MaxTokens = maxTokens }, blocks);
        await foreach (GenerationEvent step in host.QueryAsync(request, default))
        {
            if (step is GeneratedText piece) text += piece.Text;
        }

        return text.Trim();
    }
}
