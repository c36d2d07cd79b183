using LatentDb.Silo.Tests.Support;
using LatentDb.Testing;

namespace LatentDb.Silo.Tests.OpenAi;

/// <summary>The official client of OpenAI for JavaScript, unchanged, as a process of its own.</summary>
public sealed class OpenAiNodeTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    [RequiresNodePackageFact(NodePeer.Folder, "openai")]
    public async Task The_javascript_client_lists_models_completes_streams_and_reads_refusals()
    {
        string output = await NodePeer.RunAsync("openai.mjs", fixture.Silo.Http.BaseAddress!.ToString());

        Assert.StartsWith("ok 10 openai 7.57.0", output, StringComparison.Ordinal);
    }
}
