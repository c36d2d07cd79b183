using LatentDb.Testing;

namespace LatentDb.Silo.Tests.Support;

/// <summary>Programs in JavaScript that use the official clients of others; each checks by itself and ends with a line that begins with "ok".</summary>
internal static class NodePeer
{
    public const string Folder = "tests/Silo.Tests/Peers";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    public static async Task<string> RunAsync(string script, params string[] arguments)
    {
        (int exitCode, string output) = await Shell.RunToEndAsync("node", [RepositoryFiles.Combine(Folder, script), .. arguments]).WaitAsync(Limit);
        Assert.True(exitCode == 0, $"node {script} ended with {exitCode}: {output}");
        return output;
    }
}
