namespace LatentDb.MemoryStore.Tests.Fuzz;

/// <summary>
/// Feeds mutated inputs to a decoder. Each must end in a value or in a typed error, without hanging, and with memory in proportion to the input:
/// a length that only stands in the input must not drive an allocation.
/// </summary>
/// <param name="name">Of the target, for messages.</param>
/// <param name="corpus">Whole inputs to start from.</param>
/// <param name="decode">Decodes one input.</param>
/// <param name="isTyped">Whether a failure is one that callers expect.</param>
internal sealed class FuzzRun(string name, IReadOnlyList<byte[]> corpus, Action<byte[]> decode, Func<Exception, bool> isTyped)
{
    public const string SeedVariable = "LATENTDB_FUZZ_SEED";

    /// <summary>What an error with its message and stack trace costs, at most.</summary>
    private const long AllocatedBytesAlways = 256 << 10;

    /// <summary>A claim of n items is allowed where n bytes are left, at each of a few levels, and an item takes up to 48 bytes of RAM.</summary>
    private const long AllocatedBytesPerByte = 512;

    private static readonly TimeSpan HangLimit = TimeSpan.FromMinutes(2);

    private int _at;

    /// <summary>Inputs that were decoded to a value although they were changed.</summary>
    public int Accepted { get; private set; }

    public async Task RunAsync(int rounds)
    {
        (int from, int to) = int.TryParse(Environment.GetEnvironmentVariable(SeedVariable), out int only) ? (only, only + 1) : (0, rounds);
        Task work = Task.Run(() => RunAll(from, to));
        int seen = -1;
        while (await Task.WhenAny(work, Task.Delay(HangLimit)) != work)
        {
            int at = Volatile.Read(ref _at);
            Assert.True(at != seen, $"{name} hangs. {Replay(at)}");
            seen = at;
        }

        await work;
    }

    private void RunAll(int from, int to)
    {
        for (int seed = from; seed < to; seed++)
        {
            Volatile.Write(ref _at, seed);
            var random = new Random(seed);
            byte[] input = Mutation.Apply(corpus[random.Next(corpus.Count)], corpus, random);
            RunOne(seed, input);
        }
    }

    private void RunOne(int seed, byte[] input)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            decode(input);
            Accepted++;
        }
        catch (Exception error) when (isTyped(error))
        {
            // The only permitted failure.
        }
        catch (Exception error)
        {
            throw new InvalidOperationException($"{name} ended in {error.GetType().Name}: {error.Message} {Replay(seed)}", error);
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated <= AllocatedBytesAlways + (AllocatedBytesPerByte * input.Length), $"{name} took {allocated} bytes for an input of {input.Length}. {Replay(seed)}");
    }

    private static string Replay(int seed) => $"Replay: {SeedVariable}={seed} dotnet test tests/MemoryStore.Tests --filter FullyQualifiedName~Fuzz";
}
