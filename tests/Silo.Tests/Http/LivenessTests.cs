using LatentDb.Grains.Tests.Doubles;
using LatentDb.Silo.Health;
using LatentDb.Silo.Tests.Support;

namespace LatentDb.Silo.Tests.Http;

/// <summary>GET /livez, by which a supervisor decides on a restart.</summary>
public sealed class LivenessTests
{
    [Fact]
    public async Task A_compute_loop_that_hangs_is_told_after_its_limit_and_not_before()
    {
        var model = new EchoModelHost();
        await using RunningSilo silo = await RunningSilo.StartAsync(model);

        Assert.Equal("ok\n", (await silo.GetAsync("/livez")).Require(200).Text);
        model.ComputesFor = Liveness.ComputeLimit;
        (await silo.GetAsync("/livez")).Require(200);
        model.ComputesFor = Liveness.ComputeLimit + TimeSpan.FromSeconds(1);
        Assert.Equal("A turn of the compute loop has been running for 121 s.\n", (await silo.GetAsync("/livez")).Require(503).Text);
        silo.Logs.AssertOnly();
    }
}
