using System.Globalization;

namespace LatentDb.Remote;

/// <summary>What a model in another process costs against one in this process: <c>dotnet run -c Release --project bench/Remote -- [rounds] [checkpoint | random]</c>.</summary>
internal static class Program
{
    private const string Shipped = "models/small";

    public static async Task<int> Main(string[] arguments)
    {
        if (arguments is ["serve", var served])
        {
            await ModelProcess.ServeAsync(served);
            return 0;
        }

        int rounds = arguments.Length > 0 ? int.Parse(arguments[0], CultureInfo.InvariantCulture) : 100;
        if (arguments.Length > 1 && arguments[1] == "random") await RunRandomAsync(rounds);
        else await Overhead.RunAsync(arguments.Length > 1 ? arguments[1] : Shipped, rounds);
        return 0;
    }

    private static async Task RunRandomAsync(int rounds)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("latentdb-remote-");
        try
        {
            RandomCheckpoint.WriteTo(folder.FullName, Shipped);
            await Overhead.RunAsync(folder.FullName, rounds);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
