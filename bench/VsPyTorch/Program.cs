namespace LatentDb.VsPyTorch;

/// <summary>The same checkpoint and the same work in LatentDB and in plain PyTorch, in turns: <c>dotnet run -c Release --project bench/VsPyTorch -- all</c>.</summary>
internal static class Program
{
    private const string Usage = """
        Usage: vspytorch [gemm] [inject] [ttft] [decode] [many] [bank] | all, with
          --model FOLDER     a checkpoint of training/random_checkpoint.py; made when it is not there (artifacts/random-SHAPE)
          --shape 100m|tiny  what is made (100m)
          --python PATH      an interpreter with torch (python3); none: our side alone
          --scripts FOLDER   the folder training of the repository (training)
          --blas CORE        a second PyTorch beside the first, its OpenBLAS told what the processor is: SkylakeX has the AVX-512 kernels
          --backend NAME     of our side (cpu); the products of gemm are always the cpu back end's
          --threads N        of both sides (the machine's cores)
          --rounds N         counted rounds of each contest (7)
          --out FILE         where the table goes in Markdown
        """;

    public static async Task<int> Main(string[] arguments)
    {
        if (!Settings.TryParse(arguments, out Settings settings))
        {
            await Console.Error.WriteLineAsync(Usage);
            return 2;
        }

        await RandomCheckpoint.EnsureAsync(settings);
        await new Comparison(settings).RunAsync();
        return 0;
    }
}
