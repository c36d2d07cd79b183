using LatentDb.ModelHost.Hosting;
using LatentDb.Testing;

namespace LatentDb.ModelHost.Tests.Hosting;

/// <summary>Two hundred memories of the shipped model in room for three, asked by thirty-two clients: every answer is the one that unlimited room gives, to the last letter.</summary>
public sealed class PagedAnswersTests
{
    private const int Memories = 200;
    private const int Clients = 32;
    private const int QuestionsOfClient = 8;
    private const int RoomForMemories = 3;
    private const int MaxTokens = 6;

    private static readonly string[] Names = ["Maria", "Peter", "Anna", "Hugo", "Clara"];
    private static readonly string[] Towns = ["Lisbon", "Oslo", "Vienna", "Cairo", "Boston", "Dublin", "Madrid"];

    [Fact]
    public async Task Answers_in_little_room_are_those_of_unlimited_room()
    {
        using LocalModelHost roomy = Load(new ModelHostOptions());
        MemoryUnderTest[] memories = await MakeAsync(roomy);
        string[] expected = new string[Memories];
        for (int i = 0; i < Memories; i++) expected[i] = await memories[i].AskAsync(QuestionOf(i), MaxTokens);
        using LocalModelHost tight = Load(new ModelHostOptions { ResidentBytes = await BytesOfOneAsync(memories[0]) * RoomForMemories });
        int reads = memories[0].Blocks.Reads;

        string[][] wrong = await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(() => AskAsync(tight, memories, expected, client))));

        Assert.Empty(wrong.SelectMany(w => w));
        Assert.Equal(0, tight.OutstandingPins);
        Assert.True(expected.Distinct(StringComparer.Ordinal).Count() > 3, "All memories answer the same: the test shows nothing.");
        Assert.True(memories[0].Blocks.Reads - reads > await SlicesReadOnceAsync(memories), "No slice was read twice: nothing had to leave.");
    }

    private static LocalModelHost Load(ModelHostOptions options)
    {
        options.Model = RepositoryFiles.Combine("models", "small");
        return LocalModelHost.Load(options, TimeProvider.System, default);
    }

    private static async Task<MemoryUnderTest[]> MakeAsync(LocalModelHost host)
    {
        MemoryUnderTest fresh = await MemoryUnderTest.CreateAsync(host);
        var memories = new MemoryUnderTest[Memories];
        for (int i = 0; i < Memories; i++)
        {
            memories[i] = fresh.Fork();
            await memories[i].InjectAsync($"{Names[i % Names.Length]} lives in {Towns[i % Towns.Length]}.", (ulong)i);
        }

        return memories;
    }

    private static async Task<string[]> AskAsync(LocalModelHost host, MemoryUnderTest[] memories, string[] expected, int client)
    {
        List<string> wrong = [];
        var random = new SeededRandom((ulong)client);
        for (int question = 0; question < QuestionsOfClient; question++)
        {
            int memory = random.NextInt32(Memories);
            string answer = await memories[memory].On(host).AskAsync(QuestionOf(memory), MaxTokens);
            if (answer != expected[memory]) wrong.Add($"memory {memory}: '{answer}' instead of '{expected[memory]}'");
        }

        return [.. wrong];
    }

    private static async Task<long> BytesOfOneAsync(MemoryUnderTest memory)
    {
        using LocalModelHost host = Load(new ModelHostOptions());
        await memory.On(host).AskAsync(QuestionOf(0), MaxTokens);
        return host.ResidentBytes;
    }

    /// <summary>Reads of a host that forgets nothing, asked about every memory.</summary>
    private static async Task<int> SlicesReadOnceAsync(MemoryUnderTest[] memories)
    {
        using LocalModelHost host = Load(new ModelHostOptions());
        int before = memories[0].Blocks.Reads;
        for (int i = 0; i < Memories; i++) await memories[i].On(host).AskAsync(QuestionOf(i), 1);
        return memories[0].Blocks.Reads - before;
    }

    private static string QuestionOf(int memory) => $"Question: Where does {Names[memory % Names.Length]} live? Answer:";
}
