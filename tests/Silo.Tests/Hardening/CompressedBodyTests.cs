using System.IO.Compression;
using LatentDb.Silo.Tests.Support;

namespace LatentDb.Silo.Tests.Hardening;

/// <summary>Compressed bodies are not opened at all: none can be larger inside than the limit on what is outside.</summary>
public sealed class CompressedBodyTests(SiloFixture fixture) : IClassFixture<SiloFixture>
{
    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    [InlineData("zstd")]
    [InlineData("gzip, gzip")]
    [InlineData("identity, gzip")]
    [InlineData("")]
    public async Task A_body_with_an_encoding_is_refused_before_it_is_read(string encoding)
    {
        byte[] bomb = Compress(new byte[64 << 20]);
        foreach (string path in new[] { "/v1/memories", "/v1/memories/bob/inject", "/v1/memories/import", "/v1/chat/completions" })
        {
            using ByteArrayContent content = RunningSilo.Bytes(bomb);
            content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);

            Reply reply = (await fixture.Silo.SendAsync(HttpMethod.Post, path, content)).RequireProblem(415, "unsupported_encoding");

            Assert.Equal("identity", reply.Headers.GetValues("Accept-Encoding").Single());
        }
    }

    [Fact]
    public async Task The_encoding_that_is_none_is_taken()
    {
        using ByteArrayContent content = RunningSilo.Json("""{"id":"plain"}""");
        content.Headers.TryAddWithoutValidation("Content-Encoding", "identity");

        (await fixture.Silo.SendAsync(HttpMethod.Post, "/v1/memories", content)).Require(201);
    }

    private static byte[] Compress(byte[] bytes)
    {
        using var target = new MemoryStream();
        using (var gzip = new GZipStream(target, CompressionLevel.Fastest)) gzip.Write(bytes);
        return target.ToArray();
    }
}
