using System.Diagnostics;

namespace LatentDb.VsPyTorch;

/// <summary>Makes the checkpoint when there is none.</summary>
internal static class RandomCheckpoint
{
    /// <summary>Enough bank rows for sixteen memories of their own and for the largest bank.</summary>
    private const int BankRows = 106_496;

    private const int TinyBankRows = 13_312;

    public static async Task EnsureAsync(Settings settings)
    {
        if (File.Exists(Path.Combine(settings.Model, "config.json"))) return;
        var start = new ProcessStartInfo(settings.Python);
        string[] arguments =
        [
            Path.Combine(settings.Scripts, "random_checkpoint.py"), "--out", settings.Model, "--shape", settings.Shape,
            "--dtype", settings.IsTiny ? "float32" : "bfloat16", "--bank_rows", $"{(settings.IsTiny ? TinyBankRows : BankRows)}",
        ];
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{settings.Model}: no checkpoint was made.");
    }
}
