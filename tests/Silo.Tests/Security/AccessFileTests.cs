using LatentDb.MemoryStore.Disk;
using LatentDb.MemoryStore.Errors;
using LatentDb.MemoryStore.Identity;
using LatentDb.MemoryStore.Tests.Simulation;
using LatentDb.Silo.Security;
using LatentDb.Silo.Security.Access;
using LatentDb.Silo.Security.Keys;
using LatentDb.Testing;

namespace LatentDb.Silo.Tests.Security;

/// <summary>The file of keys and tenants: whole or refused, whatever happens to power and bytes.</summary>
public sealed class AccessFileTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);

    [Fact]
    public void What_was_written_is_read_back()
    {
        AccessState state = Some();

        AccessState read = AccessCodec.Decode(AccessCodec.Encode(state).Span, "access");

        Assert.Equal(Describe(state), Describe(read));
    }

    [Fact]
    public void A_file_that_does_not_exist_holds_nothing_and_any_other_change_of_a_byte_refuses_the_start()
    {
        using var folder = new TempFolder();
        var file = new AccessFile(LocalDisk.Instance, folder.Path, TimeProvider.System);
        Assert.Empty(file.Read().Keys);
        file.Write(Some());
        string path = Path.Combine(folder.Path, "access");
        byte[] content = File.ReadAllBytes(path);

        for (int at = 0; at < content.Length; at++)
        {
            byte[] changed = [.. content];
            changed[at] ^= 4;
            File.WriteAllBytes(path, changed);
            Assert.Equal(ErrorCode.DataDamaged, Assert.Throws<LatentDbException>(file.Read).Code);
            File.WriteAllBytes(path, content[..at]);
            Assert.Equal(ErrorCode.DataDamaged, Assert.Throws<LatentDbException>(file.Read).Code);
        }
    }

    [Fact]
    public void A_file_of_a_newer_format_is_refused_by_name()
    {
        string text = "latentdb-access 2\n";
        string whole = $"{text}crc32c {MemoryStore.Checksum.Crc32C(System.Text.Encoding.UTF8.GetBytes(text)):x8}\n";

        LatentDbException error = Assert.Throws<LatentDbException>(() => AccessCodec.Decode(System.Text.Encoding.UTF8.GetBytes(whole), "access"));

        Assert.Equal(ErrorCode.UnsupportedFormat, error.Code);
    }

    [Fact]
    public void After_a_power_cut_at_any_change_the_file_is_the_old_one_or_the_new_one_and_what_was_acknowledged_is_there()
    {
        int cuts = 0;
        for (int seed = 0; seed < 200; seed++)
        {
            var disk = new SimulatedDisk();
            disk.CreateDurableFolder("/data");
            var file = new AccessFile(disk, "/data", TimeProvider.System);
            AccessState[] states = [AccessState.Empty, Some(), Some(), Some(), Some()];
            disk.CutAt = disk.Changes + 1 + (seed % 22);
            int acknowledged = 0;
            try
            {
                while (acknowledged + 1 < states.Length)
                {
                    file.Write(states[acknowledged + 1]);
                    acknowledged++;
                }
            }
            catch (LatentDbException error) when (error.Code == ErrorCode.StoreUnavailable)
            {
                cuts++;
            }

            string found = Describe(new AccessFile(disk.AfterPowerCut(seed), "/data", TimeProvider.System).Read());

            Assert.Contains(found, states.Skip(acknowledged).Take(2).Select(Describe));
        }

        Assert.True(cuts > 150, $"{cuts} cuts");
    }

    private static AccessState Some()
    {
        TenantId acme = TenantId.Parse("acme");
        var tenant = new Tenant(acme, Now, new TenantLimits(Memories: 5, TokensPerMinute: 0)) { SuspendedAt = Now };
        AccessState state = AccessState.Empty.Add(tenant);
        foreach (Role role in Enum.GetValues<Role>())
        {
            KeyText text = KeyText.NewRandom();
            var key = new ApiKey(text.Id, SecretHash.Of(text), role == Role.Operator ? null : acme, role, $"the {role} \"é\"", Now)
            {
                ExpiresAt = role == Role.Reader ? Now.AddDays(1) : null,
                RevokedAt = role == Role.Writer ? Now : null,
                Use = new KeyUse(role == Role.Admin ? Now : null),
            };
            state = state.Add(key, Now);
        }

        return state;
    }

    private static string Describe(AccessState state) => string.Join(
        '\n',
        [.. state.Tenants.Values.Select(t => t.ToString()), .. state.Keys.Values.Select(k => $"{k with { Hash = [], Use = null! }} {Convert.ToHexString(k.Hash)} {k.Use.Last}")]);
}
