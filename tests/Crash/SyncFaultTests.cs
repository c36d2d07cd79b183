using System.Diagnostics;
using LatentDb.Testing;

namespace LatentDb.Crash;

/// <summary>
/// fdatasync fails in a real process, as the kernel would report it: this is the fault that .NET's own flush hides. The store must stop
/// acknowledging, and what it had acknowledged must be there.
/// </summary>
public sealed class SyncFaultTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [RequiresCommandFact("strace")]
    public async Task A_failed_sync_ends_all_acknowledgements_and_loses_none()
    {
        var acknowledged = new Acknowledgements();
        for (int round = 1; round <= 5; round++)
        {
            (int acks, string errors) = await RunAsync(acknowledged, round, firstFailing: 12 * round);
            if (errors.Contains("Operation not permitted", StringComparison.Ordinal) && acks == 0) return; // ptrace is forbidden here.

            Assert.Contains("failed with error 5", errors, StringComparison.Ordinal);
            await acknowledged.CheckAsync(_folder.Path, $"round {round}", everything: true);
        }

        Assert.NotEqual(0, acknowledged.Count);
    }

    /// <summary>The child fails at its n-th sync on some thread and ends with the error; it would write for ever if it did not notice.</summary>
    private async Task<(int Acks, string Errors)> RunAsync(Acknowledgements acknowledged, int seed, int firstFailing)
    {
        string[] arguments =
        [
            "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e", $"inject=fdatasync:error=EIO:when={firstFailing}+",
            "dotnet", typeof(SyncFaultTests).Assembly.Location, _folder.Path, seed.ToString(),
        ];
        var start = new ProcessStartInfo("strace", arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        using Process child = Process.Start(start)!;
        Task<string> errors = child.StandardError.ReadToEndAsync();
        int before = acknowledged.Count;
        while (await child.StandardOutput.ReadLineAsync() is string line) acknowledged.Note(line);
        await child.WaitForExitAsync();
        return (acknowledged.Count - before, await errors);
    }
}
