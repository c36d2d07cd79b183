using System.Collections.Immutable;
using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Replication.Mirrors;

namespace LatentDb.MemoryStore.Tests.Replication;

public sealed class CopyRulesTests
{
    private const int Rounds = 2000;
    private const int Keep = 2;
    private const int Copies = 3;

    [Fact]
    public void The_owner_is_always_in_the_set_and_only_what_is_being_filled_makes_it_smaller_than_allowed()
    {
        for (int seed = 0; seed < Rounds; seed++)
        {
            var random = new Random(seed);
            FollowerState[] followers = [.. Enumerable.Range(0, random.Next(5)).Select(i => Follower($"f{i}", random))];
            ImmutableArray<string> now = [.. followers.Where(_ => random.Next(2) == 0).Select(f => f.Name).Append("self").Order(StringComparer.Ordinal)];
            ImmutableArray<string> next = CopySetRules.Next(now, "self", followers, Keep, Copies);

            string[] gone = [.. now.Except(next)];
            string[] come = [.. next.Except(now)];
            Assert.Contains("self", next);
            Assert.True(gone.Length + come.Length <= 1, $"seed {seed}: more than one change");
            Assert.All(come, name => Assert.True(followers.Single(f => f.Name == name) is { IsCopy: true, IsWanted: true }, $"seed {seed}"));
            Assert.All(gone, name => Assert.True(next.Length >= Keep || followers.Single(f => f.Name == name).MustLeave, $"seed {seed}: {string.Join(' ', next)}"));
        }
    }

    [Fact]
    public void Nobody_joins_a_set_whose_owner_is_not_in_it()
    {
        Assert.Equal(["self"], CopySetRules.Next([], "self", [], Keep, Copies).AsEnumerable());
        Assert.Equal(["other"], CopySetRules.Next(["other"], "self", [new("f", true, false, true, false)], Keep, Copies).AsEnumerable());
    }

    [Fact]
    public void A_plan_has_the_owner_as_many_copies_as_there_can_be_and_moves_little_when_a_silo_goes()
    {
        for (int seed = 0; seed < 100; seed++)
        {
            var random = new Random(seed);
            string[] names = [.. Enumerable.Range(0, random.Next(1, 9)).Select(i => $"silo-{random.Next(10_000)}").Distinct()];
            ClusterView view = View(names, [.. ShardAssignment.Assign(16, names, [])]);
            string gone = names[random.Next(names.Length)];
            ClusterView smaller = View([.. names.Where(name => name != gone)], [.. view.Owners.Select(owner => owner == gone ? null : owner)]);
            for (int shard = 0; shard < 16; shard++)
            {
                string[] plan = Plan(view, shard);
                Assert.Equal(view.Owners[shard], plan[0]);
                Assert.InRange(plan.Length, Math.Min(Copies, names.Length), Copies);
                string[] kept = [.. plan.Where(name => name != gone)];
                string[] after = Plan(smaller, shard);
                Assert.True(plan.Contains(gone) || smaller.Silos.Length < Copies || kept.Except(after).Count() <= 1, $"seed {seed}");
            }
        }
    }

    [Fact]
    public void A_shard_goes_to_nobody_without_a_copy_that_counts()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            string[] names = [.. Enumerable.Range(0, random.Next(1, 6)).Select(i => $"silo-{i}")];
            ImmutableArray<string>[] copies = [.. Enumerable.Range(0, 16).Select(_ => names.Append("dead").Where(_ => random.Next(2) == 0).ToImmutableArray())];
            ClusterView view = View(names, [.. copies.Select(set => set.IsEmpty ? null : set[random.Next(set.Length)])]) with { Copies = [.. copies] };
            ImmutableArray<string?> should = ShardAssignment.Of(view, 16);
            for (int shard = 0; shard < 16; shard++)
            {
                string[] may = [.. names.Intersect(copies[shard])];
                if (copies[shard].IsEmpty) Assert.NotNull(should[shard]);
                else if (may.Length == 0) Assert.Null(should[shard]);
                else Assert.Contains(should[shard], may);
            }
        }
    }

    private static FollowerState Follower(string name, Random random) => new(name, random.Next(2) == 0, random.Next(3) == 0, random.Next(2) == 0, random.Next(4) == 0);

    private static string[] Plan(ClusterView view, int shard) => [.. CopyPlan.Of(view, new ShardId(shard), 16, Copies).Select(silo => silo.Name)];

    private static ClusterView View(string[] names, ImmutableArray<string?> owners) => new(
        1, [.. names.Order(StringComparer.Ordinal).Select(name => new SiloMember(name, default, name, SiloRoles.Store, IsDraining: false, 0))], owners);
}
