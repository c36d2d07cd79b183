using LatentDb.MemoryStore.Identity;
using LatentDb.ModelHost.Remote;

namespace LatentDb.ModelHost.Tests.Remote;

/// <summary>Which model silo a memory's requests go to: the same one, unless that has too much to do.</summary>
public sealed class ModelPlacementTests
{
    private const int Memories = 20_000;

    [Fact]
    public void Nobody_to_choose_from_is_nobody_chosen()
    {
        Assert.Equal(-1, ModelPlacement.Choose(Memory(1), []));
        Assert.Equal(-1, ModelPlacement.Choose(Memory(1), [new ModelCandidate("a", 0, 0)]));
    }

    [Fact]
    public void The_choice_of_this_program_is_the_choice_of_every_other_one()
    {
        ModelCandidate[] silos = Idle(5);

        int[] chosen = [.. Enumerable.Range(1, 12).Select(m => ModelPlacement.Choose(Memory(m), silos))];

        Assert.Equal([0, 2, 2, 3, 2, 4, 3, 4, 3, 4, 1, 2], chosen); // From a second implementation, in Python.
    }

    [Fact]
    public void There_is_always_a_choice_and_never_a_silo_over_its_bound()
    {
        var random = new Random(7);
        for (int round = 0; round < 5_000; round++)
        {
            ModelCandidate[] silos = [.. Enumerable.Range(0, random.Next(1, 12)).Select(i => new ModelCandidate($"silo-{i}", random.NextDouble() * random.Next(200), random.Next(1, 33)))];

            int chosen = ModelPlacement.Choose(Memory(random.Next()), silos);

            Assert.InRange(chosen, 0, silos.Length - 1);
            double mean = (silos.Sum(s => s.Requests) + 1) / silos.Sum(s => s.Places);
            Assert.True(silos[chosen].Requests < ModelPlacement.Bound(silos[chosen], mean), $"round {round}");
        }
    }

    [Fact]
    public void The_order_of_the_silos_does_not_matter()
    {
        var random = new Random(11);
        for (int round = 0; round < 500; round++)
        {
            ModelCandidate[] silos = [.. Enumerable.Range(0, 8).Select(i => new ModelCandidate($"silo-{i}", random.Next(20), 8))];
            MemoryUid memory = Memory(random.Next());
            string expected = silos[ModelPlacement.Choose(memory, silos)].Name;

            random.Shuffle(silos);

            Assert.Equal(expected, silos[ModelPlacement.Choose(memory, silos)].Name);
        }
    }

    [Fact]
    public void Idle_silos_share_the_memories_by_their_places()
    {
        ModelCandidate[] silos = [new("small", 0, 8), new("middle", 0, 16), new("large", 0, 40)];

        int[] counts = Counts(silos);

        for (int i = 0; i < silos.Length; i++) Assert.InRange(counts[i] / (Memories * silos[i].Places / 64.0), 0.95, 1.05);
    }

    [Fact]
    public void When_a_silo_goes_only_its_memories_move_and_when_it_comes_back_only_they_come_back()
    {
        ModelCandidate[] all = Idle(10);
        ModelCandidate[] fewer = [.. all.Where(s => s.Name != "silo-3")];

        for (int m = 0; m < Memories; m++)
        {
            string before = all[ModelPlacement.Choose(Memory(m), all)].Name;
            string after = fewer[ModelPlacement.Choose(Memory(m), fewer)].Name;
            Assert.True(before == after || before == "silo-3", $"memory {m} moved from {before} to {after}");
        }
    }

    [Fact]
    public void A_memory_that_everybody_asks_spreads_over_more_silos_only_as_far_as_it_must()
    {
        ModelCandidate[] silos = Idle(4);
        var asked = new HashSet<int>();
        for (int request = 0; request < 64; request++)
        {
            int chosen = ModelPlacement.Choose(Memory(5), silos);
            silos[chosen] = silos[chosen] with { Requests = silos[chosen].Requests + 1 };
            asked.Add(chosen);
            if (request == 3) Assert.Single(asked); // A quarter of 16 places: no reason to go elsewhere yet.
        }

        Assert.Equal(4, asked.Count);
        Assert.All(silos, s => Assert.InRange(s.Requests, 64 / 4 * 0.25, Math.Ceiling(64 / 4 * ModelPlacement.Slack)));
    }

    [Fact]
    public void Requests_that_stay_are_spread_within_the_bound()
    {
        ModelCandidate[] silos = Idle(20);
        for (int m = 0; m < 2_000; m++)
        {
            int chosen = ModelPlacement.Choose(Memory(m), silos);
            silos[chosen] = silos[chosen] with { Requests = silos[chosen].Requests + 1 };
        }

        Assert.True(silos.Max(s => s.Requests) <= Math.Ceiling(ModelPlacement.Slack * 100), $"{silos.Max(s => s.Requests)} on one");
    }

    private static int[] Counts(ModelCandidate[] silos)
    {
        int[] counts = new int[silos.Length];
        for (int m = 0; m < Memories; m++) counts[ModelPlacement.Choose(Memory(m), silos)]++;
        return counts;
    }

    private static ModelCandidate[] Idle(int count) => [.. Enumerable.Range(0, count).Select(i => new ModelCandidate($"silo-{i}", 0, 16))];

    /// <summary>Uids are random; these are spread alike.</summary>
    private static MemoryUid Memory(int number) => new(((UInt128)(ulong)number * 0x9e3779b97f4a7c15) + ((UInt128)(ulong)(number * 31L) << 64));
}
