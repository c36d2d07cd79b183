using LatentDb.Grains.Contracts;
using LatentDb.Grains.Remote;
using LatentDb.MemoryStore.Cluster;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Links;
using LatentDb.MemoryStore.Versions;
using LatentDb.ModelHost.Contracts;

namespace LatentDb.Grains.Tests.Remote;

/// <summary>The router does its work whichever way a grain is called at its owner.</summary>
public sealed class OwnerGrainsTests
{
    [Fact]
    public async Task A_call_goes_to_the_owner_in_the_way_that_is_registered_and_again_when_that_breaks()
    {
        await using ClusterFixture cluster = await ClusterFixture.StartAsync();
        var way = new BreaksEverySecondTime(new LinkGrains("c", cluster.Links.From("c"), local: null));
        IMemoryGrain memory = new ClusterGrainHost(cluster.ViewOf("c"), cluster.Links.From("c"), null, TimeProvider.System, way).GetMemory(ClusterFixture.Key(cluster.NameAt("b")));

        await memory.CreateAsync(new CreateMemoryCommand(null, WriteOrigin.None), CancellationToken.None);
        MemoryVersion written = (await memory.InjectAsync(new InjectCommand(new TextInput.Plain("Maria lives in Lisbon."), null, null, WriteOrigin.None), CancellationToken.None)).Version;

        Assert.Equal(new VersionNumber(2), written.Number);
        Assert.Equal(new VersionNumber(2), (await memory.DescribeAsync(CancellationToken.None)).Head.Number);
        Assert.Equal(["b"], way.Owners.Distinct());
        Assert.True(way.Broken > 1);
    }

    /// <summary>Every second time the owner cannot be told the call.</summary>
    private sealed class BreaksEverySecondTime(LinkGrains inner) : IOwnerGrains
    {
        private int _calls;

        public List<string> Owners { get; } = [];

        public int Broken { get; private set; }

        public IMemoryGrain Find(MemoryKey key, SiloMember owner)
        {
            Owners.Add(owner.Name);
            if (_calls++ % 2 == 1) return inner.Find(key, owner);
            Broken++;
            throw new LinkBrokenException("It broke.");
        }
    }
}
