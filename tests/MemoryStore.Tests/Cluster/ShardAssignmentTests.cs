using System.Collections.Immutable;
using LatentDb.MemoryStore.Cluster;

namespace LatentDb.MemoryStore.Tests.Cluster;

public sealed class ShardAssignmentTests
{
    private const int Histories = 200;

    [Fact]
    public void Every_shard_has_one_owner_and_no_silo_has_two_more_than_another()
    {
        for (int seed = 0; seed < Histories; seed++)
        {
            var random = new Random(seed);
            int shards = random.Next(1, 200);
            string[] silos = Names(random, random.Next(1, 40));
            ImmutableArray<string?> assigned = ShardAssignment.Assign(shards, silos, RandomOwners(random, shards, silos));

            Assert.Equal(shards, assigned.Length);
            Assert.All(assigned, owner => Assert.Contains(owner, silos));
            int[] counts = [.. silos.Select(silo => assigned.Count(owner => owner == silo))];
            Assert.True(counts.Max() - counts.Min() <= 1, $"seed {seed}: {string.Join(' ', counts)}");
            Assert.True(counts.Max() <= (shards + silos.Length - 1) / silos.Length, $"seed {seed}: {counts.Max()}");
        }
    }

    [Fact]
    public void What_is_as_it_should_be_stays_as_it_is()
    {
        for (int seed = 0; seed < Histories; seed++)
        {
            var random = new Random(seed);
            string[] silos = Names(random, random.Next(1, 40));
            ImmutableArray<string?> assigned = ShardAssignment.Assign(64, silos, []);

            Assert.Equal(assigned.AsEnumerable(), ShardAssignment.Assign(64, [.. silos.Reverse()], assigned));
        }
    }

    [Fact]
    public void When_a_silo_comes_only_its_share_moves_and_all_of_it_to_the_new_one()
    {
        for (int seed = 0; seed < Histories; seed++)
        {
            var random = new Random(seed);
            string[] silos = Names(random, random.Next(2, 40));
            ImmutableArray<string?> before = ShardAssignment.Assign(64, silos[1..], []);
            ImmutableArray<string?> after = ShardAssignment.Assign(64, silos, before);
            int[] moved = [.. Enumerable.Range(0, 64).Where(shard => before[shard] != after[shard])];

            Assert.All(moved, shard => Assert.Equal(silos[0], after[shard]));
            Assert.InRange(moved.Length, 64 / silos.Length, (64 / silos.Length) + 1);
        }
    }

    [Fact]
    public void When_a_silo_goes_only_its_own_shards_move()
    {
        for (int seed = 0; seed < Histories; seed++)
        {
            var random = new Random(seed);
            string[] silos = Names(random, random.Next(2, 40));
            ImmutableArray<string?> before = ShardAssignment.Assign(64, silos, []);
            ImmutableArray<string?> after = ShardAssignment.Assign(64, silos[1..], before);

            Assert.All(Enumerable.Range(0, 64), shard => Assert.True(before[shard] == silos[0] || before[shard] == after[shard], $"seed {seed}, shard {shard}"));
        }
    }

    [Fact]
    public void A_hand_over_that_is_half_done_leads_to_the_same_end_balance_without_moving_anything_twice()
    {
        for (int seed = 0; seed < Histories; seed++)
        {
            var random = new Random(seed);
            string[] silos = Names(random, random.Next(2, 12));
            string?[] owners = [.. ShardAssignment.Assign(64, silos[1..], [])];
            int moves = 0;

            // One step at a time, in any order: an owner lets go of what should be another's, or whoever should have a free shard takes it.
            while (true)
            {
                ImmutableArray<string?> should = ShardAssignment.Assign(64, silos, owners);
                int[] wrong = [.. Enumerable.Range(0, 64).Where(shard => owners[shard] != should[shard])];
                if (wrong.Length == 0) break;
                int shard = wrong[random.Next(wrong.Length)];
                if (owners[shard] is null) moves++;
                owners[shard] = owners[shard] is null ? should[shard] : null;
                Assert.True(moves <= 64, $"seed {seed}: the shards go round");
            }

            Assert.InRange(moves, 64 / silos.Length, (64 / silos.Length) + 1);
        }
    }

    [Fact]
    public void Without_a_silo_nobody_owns_anything_and_drained_or_other_silos_do_not_count()
    {
        Assert.All(ShardAssignment.Assign(8, [], ["a"]), Assert.Null);
        var view = new ClusterView(
            1,
            [
                new SiloMember("a", Guid.Empty, "a:1", SiloRoles.Store, IsDraining: true, 0),
                new SiloMember("b", Guid.Empty, "b:1", SiloRoles.Store | SiloRoles.Api, IsDraining: false, 0),
                new SiloMember("c", Guid.Empty, "c:1", SiloRoles.Model, IsDraining: false, 0),
            ],
            ["a", "c", "b", null]);

        Assert.All(ShardAssignment.Of(view, 5), owner => Assert.Equal("b", owner));
    }

    [Fact]
    public void The_hash_is_the_same_for_ever()
    {
        Assert.Equal(17665956581633026203UL, ShardAssignment.Score("", 0));
        Assert.Equal("silo-2 silo-1 silo-0 silo-2 silo-1 silo-0", string.Join(' ', ShardAssignment.Assign(6, ["silo-0", "silo-1", "silo-2"], [])));
    }

    private static string[] Names(Random random, int count) => [.. Enumerable.Range(0, count).Select(i => $"silo-{i}-{random.Next(1000)}")];

    private static string?[] RandomOwners(Random random, int shards, string[] silos) =>
        [.. Enumerable.Range(0, random.Next(shards + 1)).Select(_ => random.Next(4) switch { 0 => null, 1 => "gone", _ => silos[random.Next(silos.Length)] })];
}
