using System.Net.Security;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Links;
using LatentDb.Silo.Cluster.Links;
using LatentDb.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace LatentDb.Silo.Tests.Cluster;

/// <summary>Links over TLS with certificates on both sides.</summary>
public sealed class SecureLinksTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TestAuthority _ours = new("ours");
    private readonly TestAuthority _foreign = new("foreign");

    [Fact]
    public async Task Silos_of_one_authority_talk()
    {
        await using LinkListener listener = await ListenAsync(_ours.WriteTo(_folder.Combine("b")));

        await CallAsync(listener.Address, Caller(_ours.WriteTo(_folder.Combine("a"))));
    }

    [Fact]
    public async Task A_caller_whose_certificate_another_authority_signed_is_refused()
    {
        await using LinkListener listener = await ListenAsync(_ours.WriteTo(_folder.Combine("b")));

        await RequireRefusedAsync(listener.Address, Caller(_foreign.WriteTo(_folder.Combine("a"), trusted: _ours)));
    }

    [Fact]
    public async Task A_caller_without_a_certificate_is_refused_though_it_knows_the_key()
    {
        await using LinkListener listener = await ListenAsync(_ours.WriteTo(_folder.Combine("b")));

        SslClientAuthenticationOptions bare = Caller(_ours.WriteTo(_folder.Combine("a")));
        bare.LocalCertificateSelectionCallback = null;
        await RequireRefusedAsync(listener.Address, bare);
    }

    [Fact]
    public async Task A_silo_whose_certificate_another_authority_signed_is_not_called()
    {
        await using LinkListener listener = await ListenAsync(_foreign.WriteTo(_folder.Combine("b"), trusted: _ours));

        await RequireRefusedAsync(listener.Address, Caller(_ours.WriteTo(_folder.Combine("a"))));
    }

    [Fact]
    public async Task Files_that_were_replaced_serve_the_next_connection_and_those_that_do_not_fit_are_passed_over()
    {
        SiloOptions served = _ours.WriteTo(_folder.Combine("b"));
        await using LinkListener listener = await ListenAsync(served);
        SslClientAuthenticationOptions old = Caller(_ours.WriteTo(_folder.Combine("a")));
        SslClientAuthenticationOptions renewed = Caller(_foreign.WriteTo(_folder.Combine("c")));
        await RequireRefusedAsync(listener.Address, renewed);

        await File.WriteAllTextAsync(served.ClusterCertificateKey, "half of a file");
        await CallAsync(listener.Address, old);

        _foreign.WriteTo(_folder.Combine("b"));
        await CallAsync(listener.Address, renewed);
        await RequireRefusedAsync(listener.Address, old);
    }

    [Fact]
    public void Files_that_cannot_be_used_refuse_the_start()
    {
        SiloOptions options = _ours.WriteTo(_folder.Combine("a"));
        File.WriteAllText(options.ClusterCertificateKey, "no key");

        Assert.Equal(ErrorCode.ConfigurationInvalid, Assert.Throws<LatentDbException>(() => new LinkCertificates(options)).Code);
    }

    public void Dispose()
    {
        _ours.Dispose();
        _foreign.Dispose();
        _folder.Dispose();
    }

    /// <summary>Those of a web application, as the server's are.</summary>
    private static ServiceProvider Services()
    {
        WebApplicationBuilder application = WebApplication.CreateSlimBuilder();
        return application.Services.BuildServiceProvider();
    }

    private static LinkSeal Seal() => new(LinkEnds.Key, TimeProvider.System);

    private static SslClientAuthenticationOptions Caller(SiloOptions options) => new LinkCertificates(options).ForCaller();

    private static async Task<LinkListener> ListenAsync(SiloOptions options)
    {
        var listener = new LinkListener(
            "https://127.0.0.1:0", advertised: "", [new EchoService()], Seal(), new LinkCertificates(options).ForListener(), TimeProvider.System, NullLoggerFactory.Instance, Services());
        await listener.StartAsync(CancellationToken.None);
        return listener;
    }

    private static async Task RequireRefusedAsync(string address, SslClientAuthenticationOptions caller)
    {
        LatentDbException error = await Assert.ThrowsAnyAsync<LatentDbException>(() => CallAsync(address, caller));
        Assert.Equal(ErrorCode.SiloUnreachable, error.Code);
    }

    /// <summary>One message there and back over a connection of its own.</summary>
    private static async Task CallAsync(string address, SslClientAuthenticationOptions caller)
    {
        using var links = new SiloLinks(Seal(), caller, TimeProvider.System);
        await using Stream stream = await links.OpenAsync(address, LinkChannel.Grains, CancellationToken.None);
        using var writer = new LinkWriter(stream);
        using var reader = new LinkReader(stream);
        await writer.WriteAsync(EchoService.Kind, new byte[] { 7 }, CancellationToken.None);
        Assert.Equal([7], (await reader.ReadAsync(EchoService.Kind, CancellationToken.None)).ToArray());
    }
}
